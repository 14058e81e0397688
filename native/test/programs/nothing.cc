// Tells whether a compiler flag gives programs that run.
int main() { return 0; }
