"""gradgen beside what else makes gradients, on six functions: `python -m tests.benchmarks` measures and writes README's table."""
