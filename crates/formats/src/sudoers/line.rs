//! One logical line of sudoers.

use super::{AliasKind, Grant, Member, Runas};

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Statement {
    /// Empty, a comment, or a default that grants nothing.
    Nothing,
    Unreadable,
    Include(String),
    IncludeDir(String),
    Aliases(AliasKind, Vec<(String, Vec<Member>)>),
    Grants(Vec<Member>, Vec<Grant>),
    /// `Defaults:users !authenticate`; for all when the list is empty.
    NoPassword(Vec<Member>),
}

/// Lines with their continuations joined.
pub(super) fn logical_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut current = String::new();
    for line in text.lines() {
        match line.strip_suffix('\\') {
            Some(part) => current.push_str(part),
            None => {
                current.push_str(line);
                lines.push(std::mem::take(&mut current));
            }
        }
    }
    lines.push(current);
    lines
}

pub(super) fn parse(line: &str) -> Statement {
    let line = line.trim();
    for (word, directory) in [("includedir", true), ("include", false)] {
        let rest = line.strip_prefix(['@', '#']).and_then(|rest| rest.strip_prefix(word));
        if let Some(rest) = rest.filter(|rest| rest.starts_with([' ', '\t'])) {
            let path = rest.trim().trim_matches('"').replace("\\ ", " ");
            return if directory { Statement::IncludeDir(path) } else { Statement::Include(path) };
        }
    }
    let Some(tokens) = tokens(line) else { return Statement::Unreadable };
    let Some(Token::Word(first)) = tokens.first() else {
        return if tokens.is_empty() { Statement::Nothing } else { rule(&tokens) };
    };
    let alias = match first.as_str() {
        "User_Alias" => Some(AliasKind::User),
        "Runas_Alias" => Some(AliasKind::Runas),
        "Host_Alias" => Some(AliasKind::Host),
        "Cmnd_Alias" | "Cmd_Alias" => Some(AliasKind::Command),
        _ => None,
    };
    if let Some(kind) = alias {
        return aliases(kind, tokens.get(1..).unwrap_or_default());
    }
    if first.starts_with("Defaults") {
        return defaults(&tokens);
    }
    rule(&tokens)
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Comma,
    Equals,
    Colon,
    Open,
    Close,
    Not,
}

/// Splits a line; nothing if a quote is left open. A `#` begins a comment unless digits follow it.
fn tokens(line: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut word = String::new();
    let mut in_word = false;
    let mut chars = line.chars().peekable();
    while let Some(char) = chars.next() {
        let single = match char {
            '\\' => {
                word.extend(chars.next());
                in_word = true;
                continue;
            }
            '"' => {
                in_word = true;
                loop {
                    match chars.next()? {
                        '"' => break,
                        '\\' => word.extend(chars.next()),
                        other => word.push(other),
                    }
                }
                continue;
            }
            '#' if !in_word && !chars.peek().is_some_and(char::is_ascii_digit) => break,
            ',' => Some(Token::Comma),
            '=' => Some(Token::Equals),
            // Inside a word these belong to addresses (`::1`) and netgroup-like names (`%:group`).
            ':' if word.starts_with('%') || chars.peek() == Some(&':') || word.ends_with(':') => {
                word.push(':');
                in_word = true;
                continue;
            }
            ':' => Some(Token::Colon),
            '(' => Some(Token::Open),
            ')' => Some(Token::Close),
            '!' if !in_word => Some(Token::Not),
            ' ' | '\t' => None,
            other => {
                word.push(other);
                in_word = true;
                continue;
            }
        };
        if in_word {
            tokens.push(Token::Word(std::mem::take(&mut word)));
            in_word = false;
        }
        tokens.extend(single);
    }
    if in_word {
        tokens.push(Token::Word(word));
    }
    Some(tokens)
}

/// Walks the tokens of a line.
struct Cursor<'a> {
    tokens: &'a [Token],
}

impl<'a> Cursor<'a> {
    fn peek(&self, ahead: usize) -> Option<&'a Token> {
        self.tokens.get(ahead)
    }

    fn skip(&mut self, count: usize) {
        self.tokens = self.tokens.get(count..).unwrap_or_default();
    }

    fn eat(&mut self, token: &Token) -> bool {
        let there = self.peek(0) == Some(token);
        if there {
            self.skip(1);
        }
        there
    }

    fn word(&mut self) -> Option<&'a str> {
        let Some(Token::Word(word)) = self.peek(0) else { return None };
        self.skip(1);
        Some(word)
    }

    fn member(&mut self) -> Option<Member> {
        let mut negated = false;
        while self.eat(&Token::Not) {
            negated = !negated;
        }
        Some(Member { negated, text: self.word()?.to_owned() })
    }

    /// Members separated by commas.
    fn list(&mut self) -> Option<Vec<Member>> {
        let mut members = vec![self.member()?];
        while self.eat(&Token::Comma) {
            members.push(self.member()?);
        }
        Some(members)
    }
}

/// `NAME = members : NAME = members`.
fn aliases(kind: AliasKind, tokens: &[Token]) -> Statement {
    let mut cursor = Cursor { tokens };
    let mut found = Vec::new();
    loop {
        let Some(name) = cursor.word() else { return Statement::Unreadable };
        if !cursor.eat(&Token::Equals) {
            return Statement::Unreadable;
        }
        let members = match kind {
            AliasKind::Command => commands(&mut cursor),
            _ => cursor.list(),
        };
        let Some(members) = members else { return Statement::Unreadable };
        found.push((name.to_owned(), members));
        if cursor.peek(0).is_none() {
            return Statement::Aliases(kind, found);
        }
        if !cursor.eat(&Token::Colon) {
            return Statement::Unreadable;
        }
    }
}

fn commands(cursor: &mut Cursor<'_>) -> Option<Vec<Member>> {
    let mut members = vec![command(cursor)?];
    while cursor.eat(&Token::Comma) {
        members.push(command(cursor)?);
    }
    Some(members)
}

/// A command with its arguments, behind digests of it.
fn command(cursor: &mut Cursor<'_>) -> Option<Member> {
    while let (Some(Token::Word(name)), Some(Token::Colon)) = (cursor.peek(0), cursor.peek(1)) {
        if !name.starts_with("sha") {
            break;
        }
        cursor.skip(3);
        // The padding of base64.
        while cursor.eat(&Token::Equals) {}
        cursor.eat(&Token::Comma);
    }
    let mut member = cursor.member()?;
    let mut after_word = true;
    loop {
        // Some versions allow these signs unescaped within arguments.
        let sign = match cursor.peek(0) {
            Some(Token::Word(argument)) => {
                if after_word {
                    member.text.push(' ');
                }
                member.text.push_str(argument);
                None
            }
            Some(Token::Equals) => Some('='),
            Some(Token::Not) => Some('!'),
            Some(Token::Open) => Some('('),
            Some(Token::Close) => Some(')'),
            Some(Token::Comma | Token::Colon) | None => return Some(member),
        };
        member.text.extend(sign);
        after_word = sign.is_none();
        cursor.skip(1);
    }
}

/// `users hosts = commands : hosts = commands`.
fn rule(tokens: &[Token]) -> Statement {
    let mut cursor = Cursor { tokens };
    let Some(users) = cursor.list() else { return Statement::Unreadable };
    let mut grants = Vec::new();
    loop {
        let Some(hosts) = cursor.list() else { return Statement::Unreadable };
        if !cursor.eat(&Token::Equals) || !granted(&mut cursor, &hosts, &mut grants) {
            return Statement::Unreadable;
        }
        if cursor.peek(0).is_none() {
            return Statement::Grants(users, grants);
        }
        if !cursor.eat(&Token::Colon) {
            return Statement::Unreadable;
        }
    }
}

/// The commands of one host list. Run-as lists and tags hold for the following commands too.
fn granted(cursor: &mut Cursor<'_>, hosts: &[Member], grants: &mut Vec<Grant>) -> bool {
    let mut runas = None;
    let mut nopasswd = false;
    loop {
        if cursor.eat(&Token::Open) {
            let Some(list) = run_as(cursor) else { return false };
            runas = Some(list);
        }
        while let (Some(Token::Word(word)), Some(next)) = (cursor.peek(0), cursor.peek(1)) {
            match next {
                // ROLE=x, TYPE=x, TIMEOUT=x, CWD=x ...
                Token::Equals if is_option(word) => cursor.skip(3),
                Token::Colon if is_tag(word) => {
                    match word.as_str() {
                        "NOPASSWD" => nopasswd = true,
                        "PASSWD" => nopasswd = false,
                        _ => {}
                    }
                    cursor.skip(2);
                }
                _ => break,
            }
        }
        let Some(command) = command(cursor) else { return false };
        let hosts = hosts.to_vec();
        grants.push(Grant { hosts, runas: runas.clone(), nopasswd, command });
        if !cursor.eat(&Token::Comma) {
            return true;
        }
    }
}

/// `users : groups)`, either of which may be missing.
fn run_as(cursor: &mut Cursor<'_>) -> Option<Runas> {
    let mut runas = Runas::default();
    if !matches!(cursor.peek(0), Some(Token::Colon | Token::Close)) {
        runas.users = cursor.list()?;
    }
    if cursor.eat(&Token::Colon) && cursor.peek(0) != Some(&Token::Close) {
        runas.groups = cursor.list()?;
    }
    cursor.eat(&Token::Close).then_some(runas)
}

fn is_option(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

fn is_tag(word: &str) -> bool {
    let tags =
        ["EXEC", "FOLLOW", "INTERCEPT", "LOG_INPUT", "LOG_OUTPUT", "MAIL", "PASSWD", "SETENV"];
    tags.contains(&word) || tags.contains(&word.strip_prefix("NO").unwrap_or_default())
}

/// Of all defaults only `!authenticate` widens what somebody may do.
fn defaults(tokens: &[Token]) -> Statement {
    let off = tokens
        .windows(2)
        .any(|pair| matches!(pair, [Token::Not, Token::Word(word)] if word == "authenticate"));
    if !off {
        return Statement::Nothing;
    }
    let mut cursor = Cursor { tokens };
    match (cursor.word(), cursor.peek(0)) {
        (Some("Defaults"), Some(Token::Colon)) => {
            cursor.skip(1);
            cursor.list().map_or(Statement::Unreadable, Statement::NoPassword)
        }
        (Some("Defaults"), _) => Statement::NoPassword(Vec::new()),
        // For hosts, commands or targets only.
        _ => Statement::Nothing,
    }
}
