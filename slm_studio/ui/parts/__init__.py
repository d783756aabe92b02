"""What several places of the window share: forms, files, errors, models, reports."""
