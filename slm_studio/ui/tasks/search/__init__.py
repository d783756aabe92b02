"""Search: ask documents; what is found, with the words that match lit, and an answer that cites it."""

from slm_studio.ui.tasks.search.view import SearchView

VIEW = SearchView
