"""Texts as vectors: the nets, how the vectors of tokens become one, what is known of foreign ones, and what teaches them."""
