"""What makes a Python module's text: its form, and the proof of what it holds."""
