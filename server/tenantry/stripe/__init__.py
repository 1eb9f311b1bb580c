"""The only place that talks to Stripe. What is asked for, and what an answer means, is decided in the database
(sql/functions/stripe); here requests are only carried there and answers back."""
