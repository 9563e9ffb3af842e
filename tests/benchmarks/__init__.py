"""gradgen beside what else makes gradients, on six functions: `python -m tests.benchmarks` measures and writes the tables of the page on speed."""
