"""Pictures as geometry: whole numbers and path strings, from which templates make SVG without any inline style."""
