"""The only package that talks to Stripe. It carries requests to Stripe and answers back.

The database decides which requests to make and what an answer means (sql/functions/stripe).
"""
