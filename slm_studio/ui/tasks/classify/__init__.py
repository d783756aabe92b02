"""Classify: what only this task shows."""

from slm_studio.ui.tasks.classify.deciding import DecidingCard
from slm_studio.ui.tasks.classify.view import ClassifyView

VIEW = ClassifyView
CARDS = (DecidingCard,)
