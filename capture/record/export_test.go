package record

// Files counts the body files that were begun.
func (w *Writer) Files() int64 { return w.parts.Load() }
