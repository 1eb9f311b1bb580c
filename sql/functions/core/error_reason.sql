-- Returns the reason of an SQLSTATE that tenantry.fail raises; null for any other.
--
-- `make protos` generates this file from sql/seeds/errors.sql. A function that reads tenantry.errors is too slow: a
-- batch asks three times for each refused item, and would take a quarter longer.
create or replace function tenantry.error_reason(p_code text) returns text
language sql immutable
return case p_code
    when 'TN001' then 'INVALID_ARGUMENT'
    when 'TN002' then 'NOT_FOUND'
    when 'TN003' then 'INVALID_PAGE_TOKEN'
    when 'TN009' then 'INSUFFICIENT_CREDITS'
    when 'TN010' then 'BALANCE_OUT_OF_RANGE'
    when 'TN011' then 'REQUEST_ID_REUSED'
    when 'TN012' then 'ORGANIZATION_INACTIVE'
    when 'TN013' then 'CREDIT_EVENT_INACTIVE'
    when 'TN014' then 'ORGANIZATION_HAS_HISTORY'
    when 'TN015' then 'LEDGER_IS_APPEND_ONLY'
    when 'TN016' then 'HOLD_NOT_ACTIVE'
    when 'TN017' then 'REFUND_EXCEEDS_CONSUMPTION'
    when 'TN018' then 'CAPTURE_EXCEEDS_HOLD'
    when 'TN019' then 'WRONG_TRANSACTION_TYPE'
    when 'TN020' then 'REVOCATION_EXCEEDS_GRANT'
    when 'TN021' then 'SYSTEM_ROLE'
    when 'TN022' then 'LAST_OWNER'
    when 'TN023' then 'NO_SEAT_LEFT'
    when 'TN024' then 'INVITATION_NOT_PENDING'
    when 'TN025' then 'SUBSCRIPTION_TRANSITION'
    when 'TN026' then 'SUBSCRIPTION_EXISTS'
    when 'TN027' then 'PLAN_INACTIVE'
    when 'TN028' then 'NO_TRIAL'
    when 'TN030' then 'MANAGED_BY_STRIPE'
    when 'TN031' then 'SUBSCRIPTION_ENDED'
    when 'TN033' then 'PLAN_IN_USE'
    when 'TN034' then 'STRIPE_PRICE_TAKEN'
    when 'TN035' then 'BILLING_TRANSITION_REFUSED'
    when 'TN036' then 'BILLING_RECORD_FOLLOWS_STRIPE'
    when 'TN041' then 'STRIPE_UNAVAILABLE'
    when 'TN042' then 'STRIPE_NOT_CONFIGURED'
    when 'TN043' then 'PAYMENT_DECLINED'
    when 'TN044' then 'STRIPE_REFUSED'
    when 'TN045' then 'NOT_AT_STRIPE'
    when 'TN046' then 'CREDIT_PRODUCT_INACTIVE'
    when 'TN047' then 'TOO_MANY_REQUESTS'
    when 'TN048' then 'SETTLEMENT_FAILED'
    when 'TN049' then 'PAYMENT_INCOMPLETE'
    when 'TN050' then 'COLLECTION_PAUSED'
    when 'TN051' then 'ORGANIZATION_IN_USE'
    when '42501' then 'PERMISSION_DENIED'
end;

comment on function tenantry.error_reason(text) is 'The reason that an SQLSTATE of Tenantry''s own stands for.';
revoke all on function tenantry.error_reason from public, anon, authenticated, service_role;
grant execute on function tenantry.error_reason to anon, authenticated, service_role;
