"""The terms that figures are made on: what counts as a conversion, how visits and credit are measured, who is who."""
