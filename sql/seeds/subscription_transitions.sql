-- The changes of status that subscriptions may make. The trigger enforce_subscription_transition() checks every write.
-- Applied again, this file restores a row that was changed or deleted, and removes a row that is not in it.
--
-- from_status: new for a row that is inserted. stripe_only: whether only a row that follows Stripe may make the change.
-- There it has happened already, so it is followed.

with wanted (from_status, to_status, stripe_only, meaning) as (
    values
        ('new', 'trial', false, 'a trial starts'),
        ('new', 'active', false, 'a paid period starts'),
        ('new', 'past_due', true, 'a payment was missing when Stripe first reported it'),
        ('new', 'cancelled', true, 'it was cancelled when Stripe first reported it'),
        ('new', 'expired', true, 'it had run out when Stripe first reported it'),
        ('trial', 'active', false, 'the trial is over and the plan goes on'),
        ('trial', 'past_due', false, 'the trial is over and the first payment is missing'),
        ('trial', 'cancelled', false, 'cancelled during the trial'),
        ('trial', 'expired', false, 'the trial is over and nobody took the plan'),
        ('active', 'past_due', false, 'a payment is missing'),
        ('active', 'cancelled', false, 'cancelled'),
        ('active', 'trial', true, 'Stripe gave a further trial'),
        ('active', 'expired', true, 'Stripe paused it or gave up collecting'),
        ('past_due', 'active', false, 'the missing payment came'),
        ('past_due', 'cancelled', false, 'cancelled while a payment was missing'),
        ('past_due', 'expired', false, 'grace is over'),
        ('past_due', 'trial', true, 'Stripe gave a further trial'),
        ('cancelled', 'trial', true, 'the clock ended it here, and it is alive at Stripe'),
        ('cancelled', 'active', true, 'the clock ended it here, and it is alive at Stripe'),
        ('cancelled', 'past_due', true, 'the clock ended it here, and it is alive at Stripe'),
        ('cancelled', 'expired', true, 'Stripe says why it ended'),
        ('expired', 'trial', true, 'resumed at Stripe'),
        ('expired', 'active', true, 'resumed at Stripe, or paid there after all'),
        ('expired', 'past_due', true, 'resumed at Stripe without a payment'),
        ('expired', 'cancelled', true, 'cancelled at Stripe after it had run out')
),
surplus as (
    delete from tenantry.subscription_transitions as t
    where not exists (
        select from wanted as w
        where w.from_status = t.from_status and w.to_status = t.to_status
    )
)
insert into tenantry.subscription_transitions as t (from_status, to_status, stripe_only, meaning)
select from_status, to_status, stripe_only, meaning from wanted
on conflict (from_status, to_status) do update
set stripe_only = excluded.stripe_only, meaning = excluded.meaning
where (t.stripe_only, t.meaning) is distinct from (excluded.stripe_only, excluded.meaning);
