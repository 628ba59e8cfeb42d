"""HTML of the console: views read and change the store through `services` alone."""
