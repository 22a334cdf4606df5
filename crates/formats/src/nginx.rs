//! nginx configuration (also of OpenResty and Tengine): the syntax here, its meaning in [`sites`].
//!
//! Syntax as nginx.org's "Configuration file's structure" and the lexer's behaviour have it: words parted
//! by blanks, `'`, `"` and `\` as quotes, `#` comments, `;` or a block at the end, `${name}` inside a
//! word. Variables stay as written. A broken file gives what stands before the fault.

mod sites;

use crate::include::{Budget, MAX_DEPTH, Sources};
pub use sites::sites;
use std::iter::Peekable;
use std::rc::Rc;
use std::str::Chars;

/// Most directives of one configuration.
pub const MAX_DIRECTIVES: usize = 200_000;
/// Most words of one directive; `server_name` lists get long.
const MAX_WORDS: usize = 10_000;

/// A directive with its block, if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// Its name.
    pub name: String,
    /// Its words, without their quotes.
    pub args: Vec<String>,
    /// What stands in its block; empty for a simple directive.
    pub block: Vec<Self>,
    /// The file it stands in.
    pub file: Rc<str>,
}

impl Directive {
    /// The first word, or nothing.
    pub fn arg(&self) -> &str {
        self.args.first().map_or("", String::as_str)
    }
}

/// Parses the configuration in `path` (absolute) with everything it includes. Relative includes are
/// relative to the directory of `path`, as nginx has it.
pub fn parse(path: &str, text: &str, sources: &mut dyn Sources) -> Vec<Directive> {
    let home = path.rsplit_once('/').map_or("", |(home, _)| home);
    let mut parser = Parser { home, sources, budget: Budget::default(), left: MAX_DIRECTIVES };
    let mut directives = Vec::new();
    if parser.budget.take(text.len()) {
        parser.file(&Rc::from(path), text, 0, &mut directives);
    }
    directives
}

enum Token {
    Word(String),
    End,
    Open,
    Close,
}

struct Lexer<'a>(Peekable<Chars<'a>>);

impl Lexer<'_> {
    fn token(&mut self) -> Option<Token> {
        loop {
            match *self.0.peek()? {
                c if c.is_whitespace() => {
                    self.0.next();
                }
                '#' => while self.0.next_if(|c| *c != '\n').is_some() {},
                ';' => return self.single(Token::End),
                '{' => return self.single(Token::Open),
                '}' => return self.single(Token::Close),
                quote @ ('"' | '\'') => {
                    self.0.next();
                    return self.quoted(quote).map(Token::Word);
                }
                _ => return Some(Token::Word(self.bare())),
            }
        }
    }

    fn single(&mut self, token: Token) -> Option<Token> {
        self.0.next();
        Some(token)
    }

    fn quoted(&mut self, quote: char) -> Option<String> {
        let mut word = String::new();
        loop {
            match self.0.next()? {
                '\\' => escape(&mut word, self.0.next()?),
                c if c == quote => return Some(word),
                c => word.push(c),
            }
        }
    }

    fn bare(&mut self) -> String {
        let mut word = String::new();
        while let Some(&c) = self.0.peek() {
            match c {
                c if c.is_whitespace() => break,
                ';' => break,
                '{' if word.ends_with('$') => {
                    for c in self.0.by_ref() {
                        word.push(c);
                        if c == '}' {
                            break;
                        }
                    }
                    continue;
                }
                '{' => break,
                '\\' => {
                    self.0.next();
                    if let Some(c) = self.0.next() {
                        escape(&mut word, c);
                    }
                    continue;
                }
                c => word.push(c),
            }
            self.0.next();
        }
        word
    }

    /// Skips Lua source up to the brace that closes its block; strings and comments may hold braces.
    fn skip_lua(&mut self) {
        let mut depth = 1usize;
        while let Some(c) = self.0.next() {
            match c {
                '{' => depth += 1,
                '}' => {
                    depth -= 1;
                    if depth == 0 {
                        return;
                    }
                }
                quote @ ('"' | '\'') => {
                    self.quoted(quote);
                }
                '-' if self.0.next_if_eq(&'-').is_some() => {
                    while self.0.next_if(|c| *c != '\n').is_some() {}
                }
                _ => {}
            }
        }
    }
}

/// A backslash only vanishes before a quote or another backslash; regular expressions keep theirs.
fn escape(word: &mut String, c: char) {
    match c {
        '"' | '\'' | '\\' | ' ' | ';' => {}
        _ => word.push('\\'),
    }
    word.push(c);
}

struct Parser<'a> {
    home: &'a str,
    sources: &'a mut dyn Sources,
    budget: Budget,
    left: usize,
}

impl Parser<'_> {
    fn file(&mut self, path: &Rc<str>, text: &str, depth: usize, into: &mut Vec<Directive>) {
        let mut lexer = Lexer(text.chars().peekable());
        self.block(path, &mut lexer, depth, into);
    }

    /// Reads directives up to the end of the block or file; false when the rest makes no sense.
    fn block(
        &mut self,
        path: &Rc<str>,
        lexer: &mut Lexer<'_>,
        depth: usize,
        into: &mut Vec<Directive>,
    ) -> bool {
        let mut words: Vec<String> = Vec::new();
        while let Some(token) = lexer.token() {
            match token {
                Token::Word(word) => {
                    if words.len() < MAX_WORDS {
                        words.push(word);
                    }
                }
                Token::Close => return true,
                Token::End | Token::Open if words.is_empty() => return false,
                Token::End => {
                    let directive = directive(path, std::mem::take(&mut words));
                    if directive.name == "include" {
                        self.include(&directive, depth, into);
                    } else if !self.keep(directive, into) {
                        return false;
                    }
                }
                Token::Open => {
                    let mut directive = directive(path, std::mem::take(&mut words));
                    if directive.name.ends_with("_by_lua_block") {
                        lexer.skip_lua();
                        continue;
                    }
                    let sound = depth < MAX_DEPTH
                        && self.block(path, lexer, depth + 1, &mut directive.block);
                    if !self.keep(directive, into) || !sound {
                        return false;
                    }
                }
            }
        }
        true
    }

    fn keep(&mut self, directive: Directive, into: &mut Vec<Directive>) -> bool {
        let Some(left) = self.left.checked_sub(1) else { return false };
        self.left = left;
        into.push(directive);
        true
    }

    fn include(&mut self, directive: &Directive, depth: usize, into: &mut Vec<Directive>) {
        let pattern = directive.arg();
        if pattern.is_empty() || depth >= MAX_DEPTH {
            return;
        }
        let pattern = match pattern.starts_with('/') {
            true => pattern.to_owned(),
            false => format!("{}/{pattern}", self.home),
        };
        for included in self.sources.matching(&pattern) {
            if !self.budget.take(included.text.len()) {
                return;
            }
            self.file(&Rc::from(included.path), &included.text, depth + 1, into);
        }
    }
}

fn directive(file: &Rc<str>, words: Vec<String>) -> Directive {
    let mut words = words.into_iter();
    let name = words.next().unwrap_or_default();
    Directive { name, args: words.collect(), block: Vec::new(), file: Rc::clone(file) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::include::Included;
    use proptest::prelude::*;

    #[test]
    fn words_quotes_comments_and_blocks() {
        let parsed = parse(
            "/etc/nginx/nginx.conf",
            "user www; # comment { \n log_format m '$a \"x\"' \"b\\\"c\"; http{server{listen 80;}}\n\
             if ($http_cookie ~* \"id=([^;]+)\") { set ${x}y \"1\"; } location ~ ^/a\\.php$ { }",
            &mut (),
        );
        let names: Vec<_> = parsed.iter().map(|d| (d.name.as_str(), d.args.join("|"))).collect();
        assert_eq!(
            names,
            [
                ("user", "www".to_owned()),
                ("log_format", "m|$a \"x\"|b\"c".to_owned()),
                ("http", String::new()),
                ("if", "($http_cookie|~*|id=([^;]+)|)".to_owned()),
                ("location", "~|^/a\\.php$".to_owned()),
            ]
        );
        assert_eq!(parsed[2].block[0].block[0].arg(), "80");
        assert_eq!(parsed[3].block[0].args, ["${x}y".to_owned(), "1".to_owned()][..]);
    }

    #[test]
    fn lua_is_skipped_whatever_it_holds() {
        let parsed = parse(
            "/n",
            "content_by_lua_block { local t = { a = '}' } -- }\n ngx.say(\"}\") } root /x;",
            &mut (),
        );
        assert_eq!(parsed.len(), 1);
        assert_eq!(parsed[0].name, "root");
    }

    struct Endless;
    impl Sources for Endless {
        fn matching(&mut self, pattern: &str) -> Vec<Included> {
            assert_eq!(pattern, "/etc/nginx/self.conf");
            let text = "a; include self.conf; include self.conf;".to_owned();
            vec![Included { path: pattern.to_owned(), text }]
        }
    }

    #[test]
    fn a_file_that_includes_itself_ends() {
        let parsed = parse("/etc/nginx/nginx.conf", "include self.conf;", &mut Endless);
        assert!(parsed.len() <= crate::include::MAX_FILES);
    }

    #[test]
    fn deep_nesting_ends() {
        let text = "a {".repeat(100_000);
        assert_eq!(parse("/n", &text, &mut ()).len(), 1);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "([a-z]{1,4}|[ ;{}'\"\\\\#$\n~=/]){0,200}") {
            parse("/n", &text, &mut ());
            sites("/n", &text, &mut ());
        }
    }
}
