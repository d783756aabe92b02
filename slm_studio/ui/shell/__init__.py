"""The window itself: its frame, what is open in it, what is at work, and the way in and out."""
