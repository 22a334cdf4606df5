//! Just enough XML to write: elements in order, attributes, texts.

/// A document that is being written, indented by two spaces a level.
pub(super) struct Xml {
    text: String,
    open: Vec<String>,
}

impl Xml {
    pub(super) fn new() -> Self {
        Self { text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), open: Vec::new() }
    }

    /// Begins an element that holds others.
    pub(super) fn begin(&mut self, name: &str, attributes: &[(&str, String)]) {
        self.head(name, attributes);
        self.text.push_str(">\n");
        self.open.push(name.to_owned());
    }

    /// Ends the element begun last.
    pub(super) fn end(&mut self) {
        let Some(name) = self.open.pop() else { return };
        self.indent();
        self.text.push_str("</");
        self.text.push_str(&name);
        self.text.push_str(">\n");
    }

    /// An element that holds a text, or nothing.
    pub(super) fn leaf(&mut self, name: &str, attributes: &[(&str, String)], text: &str) {
        self.head(name, attributes);
        if text.is_empty() {
            self.text.push_str("/>\n");
            return;
        }
        self.text.push('>');
        escape(text, &mut self.text);
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push_str(">\n");
    }

    /// The whole text.
    pub(super) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.end();
        }
        self.text
    }

    fn head(&mut self, name: &str, attributes: &[(&str, String)]) {
        self.indent();
        self.text.push('<');
        self.text.push_str(name);
        for (name, value) in attributes {
            self.text.push(' ');
            self.text.push_str(name);
            self.text.push_str("=\"");
            escape(value, &mut self.text);
            self.text.push('"');
        }
    }

    fn indent(&mut self) {
        for _ in &self.open {
            self.text.push_str("  ");
        }
    }
}

/// XML 1.0 has no way to write most control characters: they become U+FFFD.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_strangers_stay_texts() {
        let mut xml = Xml::new();
        xml.begin("a", &[("b", "\"><c>".to_owned())]);
        xml.leaf("d", &[], "</a>\u{1}\n&é");
        xml.leaf("e", &[], "");
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a b=\"&quot;&gt;&lt;c&gt;\">\n  \
                        <d>&lt;/a&gt;\u{fffd}&#10;&amp;é</d>\n  <e/>\n</a>\n";
        assert_eq!(xml.finish(), expected);
    }
}
