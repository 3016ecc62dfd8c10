"""Billing: what payment providers tell of subscriptions, invoices and payments, each event kept once."""
