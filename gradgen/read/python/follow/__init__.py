"""What a Python file imports in; where that is written in another file, what it means there out, as text: nothing is imported or run."""
