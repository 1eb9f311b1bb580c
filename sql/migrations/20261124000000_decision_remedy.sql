-- A refused item of a batch says what can be done about it, as a refused call does.

alter type public.credit_decision add attribute remedy text;
comment on type public.credit_decision is
    'The outcome of one item of a batch: its entry, or the refusal: SQLSTATE, reason, message, details and remedy.';
