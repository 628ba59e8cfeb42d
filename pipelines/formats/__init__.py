"""One reader per report format. A reader turns one file into rows of the intake tables; it never touches the lake."""
