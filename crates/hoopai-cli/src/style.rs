//! Colours, which are written to terminals only.

/// A style of text on a terminal.
pub(crate) struct Style(&'static str);

impl Style {
    pub(crate) const PLAIN: Style = Style("");

    /// Bold text, if the stream is a terminal and colours are permitted.
    pub(crate) fn bold(is_terminal: bool) -> Self {
        Self::permitted(is_terminal, "\u{1b}[1m")
    }

    /// The style of the word `error`.
    pub(crate) fn error(is_terminal: bool) -> Self {
        Self::permitted(is_terminal, "\u{1b}[1;31m")
    }

    fn permitted(is_terminal: bool, code: &'static str) -> Self {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        if is_terminal && !is_dumb && !is_set("NO_COLOR") {
            Style(code)
        } else {
            Self::PLAIN
        }
    }

    /// The text in this style.
    pub(crate) fn paint(&self, text: &str) -> String {
        let end = if self.0.is_empty() { "" } else { "\u{1b}[0m" };
        format!("{}{text}{end}", self.0)
    }
}
