"""The live widgets: one class and one plain ES module each."""
