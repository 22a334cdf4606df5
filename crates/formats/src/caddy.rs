//! Caddyfiles: the syntax here, its meaning in [`sites`].
//!
//! Syntax as caddyserver.com's "Caddyfile Concepts" has it: words parted by blanks, quotes and
//! backquotes, `#` comments, a `{` at the end of a line opens a block, `{$NAME:default}` stands for the
//! environment. Placeholders like `{host}` stay as written.

mod sites;

use crate::include::{Budget, MAX_DEPTH, Sources, is_pattern};
pub use sites::sites;
use std::collections::HashMap;

/// Most lines that mean something.
const MAX_NODES: usize = 100_000;

/// A line with its block, if it has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Node {
    words: Vec<String>,
    block: Option<Vec<Self>>,
    file: String,
}

impl Node {
    fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    fn args(&self) -> &[String] {
        self.words.get(1..).unwrap_or_default()
    }
}

/// A word, or the end of a line.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Break,
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' => tokens.push(Token::Break),
            '\\' if chars.next_if(|c| matches!(c, '\n' | '\r')).is_some() => {
                chars.next_if_eq(&'\n');
            }
            c if c.is_whitespace() => {}
            '#' => while chars.next_if(|c| *c != '\n').is_some() {},
            quote @ ('"' | '`') => {
                let mut word = String::new();
                while let Some(c) = chars.next() {
                    match c {
                        '\\' if quote == '"' && chars.peek() == Some(&'"') => {
                            word.extend(chars.next());
                        }
                        c if c == quote => break,
                        c => word.push(c),
                    }
                }
                tokens.push(Token::Word(word));
            }
            c => {
                let mut word = String::from(c);
                word.extend(std::iter::from_fn(|| chars.next_if(|c| !c.is_whitespace())));
                tokens.push(Token::Word(word));
            }
        }
    }
    tokens
}

/// `{$NAME}` and `{$NAME:default}`, replaced before anything else as Caddy does it.
fn environment(text: &str, known: &HashMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{$") {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}').filter(|(name, _)| !name.contains('\n'))
        else {
            out.push_str("{$");
            rest = after;
            continue;
        };
        let (name, default) = name.split_once(':').unwrap_or((name, ""));
        out.push_str(known.get(name).map_or(default, String::as_str));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The tree of one file.
fn nodes(text: &str, file: &str) -> Vec<Node> {
    // The blocks that are still open, each with the line that opened it.
    let mut open: Vec<(Vec<String>, Vec<Node>)> = vec![(Vec::new(), Vec::new())];
    let mut words: Vec<String> = Vec::new();
    let mut left = MAX_NODES;
    let mut tokens = tokens(text).into_iter().chain([Token::Break]).peekable();
    while let Some(token) = tokens.next() {
        let at_end = matches!(tokens.peek(), None | Some(Token::Break));
        match token {
            // A comma at the end of a line of addresses continues on the next one.
            Token::Break if words.last().is_some_and(|word| word.ends_with(',')) => {}
            Token::Break => {
                if words.is_empty() {
                    continue;
                }
                let Some(next) = left.checked_sub(1) else { break };
                left = next;
                let node =
                    Node { words: std::mem::take(&mut words), block: None, file: file.into() };
                if let Some((_, block)) = open.last_mut() {
                    block.push(node);
                }
            }
            Token::Word(word) if word == "{" && at_end => {
                if open.len() > MAX_DEPTH {
                    break;
                }
                open.push((std::mem::take(&mut words), Vec::new()));
            }
            Token::Word(word) if word == "}" && words.is_empty() => close(&mut open, file),
            Token::Word(word) => words.push(word),
        }
    }
    while open.len() > 1 {
        close(&mut open, file);
    }
    open.pop().map(|(_, nodes)| nodes).unwrap_or_default()
}

fn close(open: &mut Vec<(Vec<String>, Vec<Node>)>, file: &str) {
    if open.len() > 1
        && let Some((words, block)) = open.pop()
        && let Some((_, outer)) = open.last_mut()
    {
        outer.push(Node { words, block: Some(block), file: file.to_owned() });
    }
}

struct Reader<'a> {
    sources: &'a mut dyn Sources,
    environment: &'a HashMap<String, String>,
    budget: Budget,
    left: usize,
    snippets: HashMap<String, Vec<Node>>,
}

impl Reader<'_> {
    /// The tree of a file, snippets put aside and imports replaced by what they import.
    fn file(&mut self, path: &str, text: &str, depth: usize) -> Vec<Node> {
        if !self.budget.take(text.len()) {
            return Vec::new();
        }
        let nodes = nodes(&environment(text, self.environment), path);
        self.imported(nodes, depth)
    }

    fn imported(&mut self, nodes: Vec<Node>, depth: usize) -> Vec<Node> {
        let mut out = Vec::new();
        for mut node in nodes {
            let Some(left) = self.left.checked_sub(1) else { break };
            self.left = left;
            let snippet = node.name().strip_prefix('(').and_then(|name| name.strip_suffix(')'));
            if let (Some(name), Some(_)) = (snippet, &node.block) {
                let name = name.to_owned();
                self.snippets.insert(name, node.block.take().unwrap_or_default());
            } else if node.name() == "import" {
                if depth < MAX_DEPTH {
                    out.extend(self.import(&node, depth + 1));
                }
            } else {
                node.block = node.block.map(|block| self.imported(block, depth));
                out.push(node);
            }
        }
        out
    }

    fn import(&mut self, node: &Node, depth: usize) -> Vec<Node> {
        let what = node.args().first().map_or("", String::as_str);
        if let Some(snippet) = self.snippets.get(what).cloned() {
            return self.imported(snippet, depth);
        }
        let pattern = match what.starts_with('/') {
            true => what.to_owned(),
            false => {
                let home = node.file.rsplit_once('/').map_or("", |(home, _)| home);
                format!("{home}/{what}")
            }
        };
        let mut found = self.sources.matching(&pattern);
        if is_pattern(what) {
            found.retain(|file| !file.path.rsplit('/').next().unwrap_or("").starts_with('.'));
        }
        found.into_iter().flat_map(|file| self.file(&file.path, &file.text, depth)).collect()
    }
}

fn read(
    path: &str,
    text: &str,
    environment: &HashMap<String, String>,
    sources: &mut dyn Sources,
) -> Vec<Node> {
    let mut reader = Reader {
        sources,
        environment,
        budget: Budget::default(),
        left: MAX_NODES,
        snippets: HashMap::new(),
    };
    reader.file(path, text, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::include::Included;
    use proptest::prelude::*;

    #[test]
    fn words_blocks_and_the_environment() {
        let known = HashMap::from([("PORT".to_owned(), "81".to_owned())]);
        let nodes = read(
            "/etc/caddy/Caddyfile",
            "{\n\thttp_port {$PORT}\n}\n(s) {\n root * \"/a \\\"b\" # c\n}\na.example,\n  b.example {\n\
             import s\n respond `{x}` {$CODE:200}\n}\n",
            &known,
            &mut (),
        );
        assert_eq!(nodes.len(), 2);
        assert_eq!(nodes[0].block.as_ref().unwrap()[0].words, ["http_port", "81"]);
        assert_eq!(nodes[1].words, ["a.example,", "b.example"]);
        let block = nodes[1].block.as_ref().unwrap();
        assert_eq!(block[0].words, ["root", "*", "/a \"b"]);
        assert_eq!(block[1].words, ["respond", "{x}", "200"]);
    }

    struct Endless;
    impl Sources for Endless {
        fn matching(&mut self, pattern: &str) -> Vec<Included> {
            vec![Included { path: pattern.to_owned(), text: "import a\nimport a\n".into() }]
        }
    }

    #[test]
    fn imports_in_a_circle_end() {
        read("/c", "import a", &HashMap::new(), &mut Endless);
        read("/c", "(s) {\nimport s\nimport s\n}\nimport s", &HashMap::new(), &mut ());
    }

    proptest! {
        #[test]
        fn any_text_is_survived(
            text in "([a-z/:.*@]|[ \n{}\"`\\\\#,]|\\{\\$|import|root|tls|handle|https?://|\\(s\\)){0,120}"
        ) {
            sites("/c", &text, &HashMap::new(), &mut ());
        }
    }
}
