"""Models as llama.cpp and its kin keep them: .gguf files, made into folders of the studio."""
