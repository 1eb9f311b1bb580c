-- The changes of status that billing records may make. The trigger enforce_billing_transition() checks every write.
-- Applied again, this file restores a row that was changed or deleted, and removes a row that is not in it.
--
-- from_status: new for a row that is inserted. stripe_only: whether only a row that follows Stripe may make the change.
-- There it has happened already, so it is followed.

with wanted (from_status, to_status, stripe_only, meaning) as (
    values
        ('new', 'pending', false, 'billed and not paid yet'),
        ('new', 'paid', false, 'recorded after it was paid'),
        ('new', 'failed', false, 'recorded after a payment attempt failed'),
        ('new', 'refunded', false, 'recorded after all of it was given back'),
        ('new', 'void', false, 'recorded after it was withdrawn'),
        ('new', 'uncollectible', false, 'recorded after it was given up'),
        ('pending', 'paid', false, 'the payment came'),
        ('pending', 'failed', false, 'a payment attempt failed'),
        ('pending', 'void', false, 'withdrawn before it was paid'),
        ('pending', 'uncollectible', false, 'given up'),
        ('pending', 'refunded', true, 'Stripe reports the payment and its refund together'),
        ('failed', 'paid', false, 'a later payment attempt succeeded'),
        ('failed', 'void', false, 'withdrawn after a payment attempt failed'),
        ('failed', 'uncollectible', false, 'given up after a payment attempt failed'),
        ('failed', 'pending', true, 'a new payment attempt is under way at Stripe'),
        ('failed', 'refunded', true, 'Stripe reports the payment and its refund together'),
        ('uncollectible', 'paid', false, 'paid after it was given up'),
        ('uncollectible', 'void', false, 'withdrawn after it was given up'),
        ('uncollectible', 'pending', true, 'recorded as given up, and open at Stripe'),
        ('uncollectible', 'failed', true, 'recorded as given up, and open at Stripe after a failed attempt'),
        ('uncollectible', 'refunded', true, 'Stripe reports a late payment and its refund together'),
        ('paid', 'refunded', false, 'all of it was given back'),
        ('paid', 'pending', true, 'known as paid from the checkout page, and the payment is under way at Stripe'),
        ('paid', 'failed', true, 'known as paid from the checkout page, and the payment attempt failed at Stripe'),
        ('paid', 'void', true, 'recorded as paid, and void at Stripe'),
        ('paid', 'uncollectible', true, 'recorded as paid, and given up at Stripe'),
        ('refunded', 'paid', true, 'a refund failed or a dispute was won at Stripe'),
        ('refunded', 'pending', true, 'recorded as refunded, and open at Stripe'),
        ('refunded', 'failed', true, 'recorded as refunded, and open at Stripe after a failed attempt'),
        ('refunded', 'void', true, 'recorded as refunded, and void at Stripe'),
        ('refunded', 'uncollectible', true, 'recorded as refunded, and given up at Stripe'),
        ('void', 'pending', true, 'recorded as void, and open at Stripe'),
        ('void', 'paid', true, 'recorded as void, and paid at Stripe'),
        ('void', 'failed', true, 'recorded as void, and open at Stripe after a failed attempt'),
        ('void', 'refunded', true, 'recorded as void, and paid and given back at Stripe'),
        ('void', 'uncollectible', true, 'recorded as void, and given up at Stripe')
),
surplus as (
    delete from tenantry.billing_transitions as t
    where not exists (
        select from wanted as w
        where w.from_status = t.from_status and w.to_status = t.to_status
    )
)
insert into tenantry.billing_transitions as t (from_status, to_status, stripe_only, meaning)
select from_status, to_status, stripe_only, meaning from wanted
on conflict (from_status, to_status) do update
set stripe_only = excluded.stripe_only, meaning = excluded.meaning
where (t.stripe_only, t.meaning) is distinct from (excluded.stripe_only, excluded.meaning);
