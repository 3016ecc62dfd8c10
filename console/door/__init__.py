"""Who comes in and on which terms, before anything is shown: every request passes here."""
