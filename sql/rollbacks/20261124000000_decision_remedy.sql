alter type public.credit_decision drop attribute remedy;
comment on type public.credit_decision is
    'The outcome of one item of a batch: its entry, or the refusal: SQLSTATE, reason, message and details.';
