"""Charts: SVG made on the server of classes and attributes; colours are the style sheet's."""
