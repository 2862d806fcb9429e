//! The HTML element that hides the text being read.

/// An open element whose content a browser does not show.
pub struct HiddenElement {
    name: Vec<u8>,
    /// The number of open elements of this name.
    open: usize,
    /// The nesting depth of the Markdown block whose end closes the element. `None` if only its own end tag does.
    block: Option<usize>,
}

impl HiddenElement {
    /// Returns an element that has just been opened.
    pub fn new(name: Vec<u8>, block: Option<usize>) -> Self {
        Self { name, open: 1, block }
    }

    /// Returns whether the element has this name.
    pub fn is_named(&self, name: &[u8]) -> bool {
        self.name == name
    }

    /// Records a start tag within the element.
    pub fn start_tag(&mut self, name: &[u8]) {
        self.open += usize::from(self.is_named(name));
    }

    /// Records an end tag. Returns whether it closes the element.
    pub fn end_tag(&mut self, name: &[u8]) -> bool {
        self.open -= usize::from(self.is_named(name));
        self.open == 0
    }

    /// Returns whether the end of the Markdown block at this depth closes the element.
    pub fn ends_with_block(&self, depth: usize) -> bool {
        self.block.is_some_and(|block| block >= depth)
    }
}
