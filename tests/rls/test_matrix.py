"""The matrix: who may do what to which table, and call which function. What has no line here fails.

TABLES has a line for each table and command. A cell says which rows the caller reads or changes:

    -        refused for want of a privilege or by a policy (42501)
    none     no rows
    all      every row
    first    those of the first organization, and no others (second: those of the second)
    shared   those that belong to no organization (first+, second+: and those of that organization)
    active   those that are active
    mine     the caller's own
    ok       an insert or a truncate that is let through
    kept     privileged to delete or truncate, and stopped by what refers to the rows

FUNCTIONS has a line for each function, which is called as PROBES says, for the first organization. A cell says what
came of it:

    -        denied: 42501
    hidden   TN002: it does not exist for this caller
    empty    an answer with nothing in it
    no       false
    ok       done; what came back speaks of no organization
    first    done; what came back speaks of the first organization, and not of the second (second, both: likewise)
    TNxxx    let through, and refused by a rule that is no question of permission
"""

import re
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.conftest import Connection
from tests.rls.world import CAST, World

TABLES = """
#           anon    stranger viewer  member  billing  admin   owner   other_owner  platform_admin  service_role
billing_history
  select    -       none     none    none    first    first   first   second       all             all
  insert    -       -        -       -       -        -       -       -            -               -
  update    -       -        -       -       -        -       -       -            -               -
  delete    -       -        -       -       -        -       -       -            -               -
  truncate  -       -        -       -       -        -       -       -            -               -
credit_events
  select    -       active   active  active  active   active  active  active       all             all
  insert    -       -        -       -       -        -       -       -            -               ok
  update    -       -        -       -       -        -       -       -            -               all
  delete    -       -        -       -       -        -       -       -            -               all
  truncate  -       -        -       -       -        -       -       -            -               -
credit_products
  select    active  active   active  active  active   active  active  active       all             all
  insert    -       -        -       -       -        -       -       -            -               ok
  update    -       -        -       -       -        -       -       -            -               all
  delete    -       -        -       -       -        -       -       -            -               kept
  truncate  -       -        -       -       -        -       -       -            -               -
credit_transactions
  select    -       none     first   first   first    first   first   second       all             all
  insert    -       -        -       -       -        -       -       -            -               -
  update    -       -        -       -       -        -       -       -            -               -
  delete    -       -        -       -       -        -       -       -            -               -
  truncate  -       -        -       -       -        -       -       -            -               -
organization_subscriptions
  select    -       none     none    none    first    first   first   second       all             all
  insert    -       -        -       -       -        -       -       -            -               -
  update    -       -        -       -       -        -       -       -            -               -
  delete    -       -        -       -       -        -       -       -            -               -
  truncate  -       -        -       -       -        -       -       -            -               -
organizations
  select    -       none     first   first   first    first   first   second       all             all
  insert    -       -        -       -       -        -       -       -            -               ok
  update    -       none     none    none    none     first   first   second       all             all
  delete    -       -        -       -       -        -       -       -            -               kept
  truncate  -       -        -       -       -        -       -       -            -               -
permissions
  select    -       all      all     all     all      all     all     all          all             all
  insert    -       -        -       -       -        -       -       -            -               -
  update    -       -        -       -       -        -       -       -            -               -
  delete    -       -        -       -       -        -       -       -            -               -
  truncate  -       -        -       -       -        -       -       -            -               -
role_permissions
  select    -       shared   first+  first+  first+   first+  first+  second+      all             all
  insert    -       -        -       -       -        -       -       -            -               -
  update    -       -        -       -       -        -       -       -            -               -
  delete    -       -        -       -       -        -       -       -            -               -
  truncate  -       -        -       -       -        -       -       -            -               -
roles
  select    -       shared   first+  first+  first+   first+  first+  second+      all             all
  insert    -       -        -       -       -        -       -       -            -               -
  update    -       -        -       -       -        -       -       -            -               -
  delete    -       -        -       -       -        -       -       -            -               -
  truncate  -       -        -       -       -        -       -       -            -               -
subscription_plans
  select    active  active   active  active  active   active  active  active       all             all
  insert    -       -        -       -       -        -       -       -            -               ok
  update    -       -        -       -       -        -       -       -            -               all
  delete    -       -        -       -       -        -       -       -            -               kept
  truncate  -       -        -       -       -        -       -       -            -               -
user_roles
  select    -       none     first   first   mine     first   first   second       all             all
  insert    -       -        -       -       -        -       -       -            -               -
  update    -       -        -       -       -        -       -       -            -               -
  delete    -       -        -       -       -        -       -       -            -               -
  truncate  -       -        -       -       -        -       -       -            -               -
"""

# table, privilege, role: the columns; * for all. What has no line here is no API role's to write.
COLUMNS = """
organizations insert service_role        id name description slug website is_active
organizations update service_role        name description slug website is_active low_balance_threshold
organizations update authenticated       name description website

credit_events insert service_role        *
credit_events update service_role        *
credit_products insert service_role      *
credit_products update service_role      *
subscription_plans insert service_role   *
subscription_plans update service_role   *
"""

FUNCTIONS = """
#                        anon stranger  viewer  member  billing  admin  owner  other_owner  platform_admin  service_role
accept_invitation        -     first     first   first   first    first  first  first        first           -
add_role_permission      -     hidden    -       -       -        first  first  hidden       first           first
archive_credit_product   -     -         -       -       -        -      -      -            ok              ok
archive_subscription_plan  -     -         -       -       -        -      -      -            ok              ok
assign_role              -     -         -       -       -        first  first  -            first           first
batch_check_permissions  -     -         first   first   -        first  first  -            first           first
batch_consume_credits    -     -         -       first   -        first  first  -            first           first
can_afford               -     no        no      ok      no       ok     ok     no           ok              ok
cancel_subscription      -      hidden   hidden   hidden  first    -      first  hidden       first           first
capture_hold             -     -         -       first   -        first  first  -            first           first
change_plan              -      hidden   hidden   hidden  -        -      -      hidden       first           first
charge_on_insert         -     -         -       -       -        -      -      -            -               -
check_feature            -      -        ok       ok      ok       ok     ok     -            ok              ok
check_permission         -     -         ok      ok      -        ok     ok     -            ok              ok
consume_credits          -     -         -       first   -        first  first  -            first           first
create_billing_record    -     -         -       -       -        -      -      -            first           first
create_checkout_session  -     -         -       -       first    -      first  -            first           first
create_credit_event      -     -         -       -       -        -      -      -            ok              ok
create_credit_product    -     -         -       -       -        -      -      -            ok              ok
create_credit_transaction  -     -         -       -       -        -      -      -            first           first
create_organization      -     ok        ok      ok      ok       ok     ok     ok           ok              ok
create_permission        -     -         -       -       -        -      -      -            ok              ok
create_portal_session    -     -         -       -       first    -      first  -            first           first
create_role              -     -         -       -       -        first  first  -            first           first
create_subscription      -      -        -        -       -        -      -      -            TN026           TN026
create_subscription_plan  -     -         -       -       -        -      -      -            ok              ok
delete_organization      -     -         -       -       -        -      TN014  -            TN014           TN014
delete_permission        -     -         -       -       -        -      -      -            ok              ok
delete_role              -     hidden    -       -       -        ok     ok     hidden       ok              ok
disable_auto_top_up      -     -         -       -       ok       -      ok     -            ok              ok
ensure_customer          -     -         -       -       first    -      first  -            first           first
estimate_runway          -     -         ok      ok      ok       ok     ok     -            ok              ok
explain_permission       -     -         first   first   -        first  first  -            first           first
extend_hold              -     -         -       first   -        first  first  -            first           first
feature_limit            -      no       no       no      no       no     no     no           no              no
get_auto_top_up          -     -         -       -       first    first  first  -            first           first
get_billing_record       -     -         -       -       first    first  first  -            first           first
get_billing_summary      -     -         -       -       ok       ok     ok     -            ok              ok
get_credit_balance       -     -         ok      ok      ok       ok     ok     -            ok              ok
get_credit_event         -     hidden    hidden  hidden  hidden   hidden hidden hidden       ok              ok
get_credit_product       -     hidden    hidden  hidden  hidden   hidden hidden hidden       ok              ok
get_credit_transaction   -     -         first   first   first    first  first  -            first           first
get_credit_usage         -     -         ok      ok      ok       ok     ok     -            ok              ok
get_entitlements         -      -        first    first   first    first  first  -            first           first
get_organization         -     hidden    first   first   first    first  first  hidden       first           first
get_permission           -     ok        ok      ok      ok       ok     ok     ok           ok              ok
get_role                 -     hidden    first   first   first    first  first  hidden       first           first
get_role_assignment      -     hidden    first   first   hidden   first  first  hidden       first           first
get_stripe_event         -    -         -       -       -        -      -      -            ok              ok
get_stripe_request       -     -         -       -       first    first  first  -            first           first
get_subscription         -      hidden   hidden   hidden  first    first  first  hidden       first           first
get_subscription_plan    -     hidden    hidden  hidden  hidden   hidden hidden hidden       ok              ok
grant_credits            -     -         -       -       -        -      -      -            first           first
has_feature              -      no       no       no      no       no     no     no           no              no
has_permission           -     no        ok      ok      ok       ok     ok     no           ok              ok
hold_credits             -     -         -       first   -        first  first  -            first           first
invite_member            -     -         -       -       -        first  first  -            first           first
list_allocations         -     -         first   first   first    first  first  -            first           first
list_audit_events       -     -         -       -       -        first  first  -            first           first
list_billing_records     -     -         -       -       first    first  first  -            first           first
list_credit_events       -     ok        ok      ok      ok       ok     ok     ok           ok              ok
list_credit_lots         -     -         first   first   first    first  first  -            first           first
list_credit_products     -     ok        ok      ok      ok       ok     ok     ok           ok              ok
list_credit_transactions -     -         first   first   first    first  first  -            first           first
list_expiring_credits    -     -         first   first   first    first  first  -            first           first
list_holds               -     -         first   first   first    first  first  -            first           first
list_invitations         -     -         -       -       -        first  first  -            first           first
list_members             -     -         first   first   -        first  first  -            first           first
list_organizations       -     empty     first   first   first    first  first  second       both            both
list_permissions         -     ok        ok      ok      ok       ok     ok     ok           ok              ok
list_role_assignments    -     empty     first   first   first    first  first  second       both            both
list_role_permissions    -     hidden    ok      ok      ok       ok     ok     hidden       ok              ok
list_roles               -     ok        first   first   first    first  first  ok           first           first
list_stripe_events       -    -         -       -       -        -      -      -            ok              ok
list_stripe_requests     -     -         -       -       first    first  first  -            first           first
list_subscription_plans  -     ok        ok      ok      ok       ok     ok     ok           ok              ok
list_subscriptions       -      empty    empty    empty   first    first  first  second       both            both
list_user_organizations  -     empty     first   first   empty    first  first  empty        first           first
list_user_roles          -     empty     ok      ok      empty    ok     ok     empty        ok              ok
list_users_with_permission -     -         first   first   -        first  first  -            first           first
organizations_with       -     empty     first   first   first    first  first  second       both            both
organizations_with_feature  -      empty    empty    empty   empty    empty  empty  empty        empty           empty
process_stripe_event     -    -         -       -       -        -      -      -            ok              ok
refund_credits           -     -         -       -       -        -      -      -            first           first
release_hold             -     -         -       first   -        first  first  -            first           first
remove_role_assignment   -     hidden    -       -       hidden   ok     ok     hidden       ok              ok
remove_role_permission   -     hidden    -       -       -        ok     ok     hidden       ok              ok
resume_subscription      -      hidden   hidden   hidden  first    -      first  hidden       first           first
retry_stripe_events      -    -         -       -       -        -      -      -            ok              ok
revoke_credits           -     -         -       -       -        -      -      -            first           first
revoke_invitation        -     -         -       -       -        first  first  -            first           first
set_auto_top_up          -     -         -       -       first    -      first  -            first           first
start_trial              -      -        -        -       TN028    -      TN028  -            TN028           TN028
stop_charging            -     -         -       -       -        -      -      -            -               -
sync_catalog             -     -         -       -       -        -      -      -            ok              ok
transfer_ownership       -     -         -       -       -        -      first  -            first           first
update_billing_record    -     -         -       -       -        -      -      -            first           first
update_credit_event      -     -         -       -       -        -      -      -            ok              ok
update_credit_product    -     -         -       -       -        -      -      -            ok              ok
update_organization      -     -         -       -       -        first  first  -            first           first
update_permission        -     -         -       -       -        -      -      -            ok              ok
update_role              -     hidden    -       -       -        first  first  hidden       first           first
update_role_assignment   -     hidden    -       -       hidden   first  first  hidden       first           first
update_subscription      -      hidden   hidden   hidden  -        -      -      hidden       first           first
update_subscription_plan  -     -         -       -       -        -      -      -            ok              ok
verify_ledger            -     -         -       -       -        -      -      -            empty           empty
"""

# How each function is called; the words in braces are ids of the first organization's rows, and of people.
PROBES = {
    "accept_invitation": "token => {token_first}",
    "add_role_permission": "role => {role_first}, permission => 'members:read'",
    "archive_credit_product": "credit_product => 'current'",
    "archive_subscription_plan": "subscription_plan => 'current', force => true",
    "assign_role": "user_id => {colleague}, role => 'viewer', organization_id => {first}",
    "batch_check_permissions": "organization_ids => array[{first}]::pg_catalog.uuid[], "
    "permissions => array['credits:read'], user_id => {colleague}",
    "batch_consume_credits": "items => "
    "pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('organization_id', {first}, 'amount', 1))",
    "can_afford": "organization_id => {first}, credit_event => 'image'",
    "cancel_subscription": "subscription_id => {subscription_first}",
    "capture_hold": "organization_id => {first}, hold_id => {hold_first}",
    "change_plan": "subscription_id => {subscription_first}, subscription_plan => 'current'",
    "charge_on_insert": "charged_table => 'public.billing_history', credit_event => 'image', "
    "organization_column => 'organization_id'",
    "check_feature": "organization_id => {first}, feature => 'exports'",
    "check_permission": "organization_id => {first}, permission => 'credits:read', user_id => {colleague}",
    "consume_credits": "organization_id => {first}, amount => 1",
    "create_billing_record": "organization_id => {first}, amount => 100",
    "create_checkout_session": "organization_id => {first}, credit_product => 'current', "
    "success_url => 'https://a.example', cancel_url => 'https://a.example'",
    "create_credit_event": "name => 'new', credit_cost => 1, category => 'compute'",
    "create_credit_product": "name => 'new', credit_amount => 1, price_amount => 1",
    "create_credit_transaction": "organization_id => {first}, transaction_type => 'earned', amount => 1, "
    "source => 'grant'",
    "create_organization": "name => 'New', slug => 'new'",
    "create_permission": "name => 'new', resource => 'new', action => 'new'",
    "create_portal_session": "organization_id => {first}, return_url => 'https://a.example'",
    "create_role": "name => 'new', organization_id => {first}",
    "create_subscription": "organization_id => {first}, subscription_plan => 'current'",
    "create_subscription_plan": "name => 'new', price_amount => 1, \"interval\" => 'monthly'",
    "delete_organization": "organization_id => {first}",
    "delete_permission": "permission => 'reports:view'",
    "delete_role": "role => {role_first}",
    "disable_auto_top_up": "organization_id => {first}",
    "ensure_customer": "organization_id => {first}",
    "estimate_runway": "organization_id => {first}",
    "explain_permission": "organization_id => {first}, permission => 'credits:read', user_id => {colleague}",
    "extend_hold": "organization_id => {first}, hold_id => {hold_first}, time_to_live => '1 hour'",
    "feature_limit": "organization_id => {first}, feature => 'exports'",
    "get_auto_top_up": "organization_id => {first}",
    "get_billing_record": "organization_id => {first}, billing_record_id => {bill_first}",
    "get_billing_summary": "organization_id => {first}",
    "get_credit_balance": "organization_id => {first}",
    "get_credit_event": "credit_event => 'old image'",
    "get_credit_product": "credit_product => 'old'",
    "get_credit_transaction": "organization_id => {first}, credit_transaction_id => {spent_first}",
    "get_credit_usage": "organization_id => {first}",
    "get_entitlements": "organization_id => {first}",
    "get_organization": "organization_id => {first}",
    "get_permission": "permission => 'reports:view'",
    "get_role": "role => {role_first}",
    "get_role_assignment": "user_role_id => {colleague_role}",
    "get_stripe_event": "stripe_event_id => 'evt_1'",
    "get_stripe_request": "organization_id => {first}, stripe_request_id => {request_first}",
    "get_subscription": "subscription_id => {subscription_first}",
    "get_subscription_plan": "subscription_plan => 'old'",
    "grant_credits": "organization_id => {first}, amount => 1",
    "has_feature": "organization_id => {first}, feature => 'exports'",
    "has_permission": "organization_id => {first}, permission => 'credits:read'",
    "hold_credits": "organization_id => {first}, amount => 1",
    "invite_member": "organization_id => {first}, email => 'new@example.com', role => 'viewer'",
    "list_allocations": "organization_id => {first}, credit_transaction_id => {spent_first}",
    "list_audit_events": "organization_id => {first}",
    "list_billing_records": "organization_id => {first}",
    "list_credit_events": "",
    "list_credit_lots": "organization_id => {first}",
    "list_credit_products": "",
    "list_credit_transactions": "organization_id => {first}",
    "list_expiring_credits": "organization_id => {first}, expires_before => 'infinity'",
    "list_holds": "organization_id => {first}",
    "list_invitations": "organization_id => {first}",
    "list_members": "organization_id => {first}",
    "list_organizations": "",
    "list_permissions": "",
    "list_role_assignments": "",
    "list_role_permissions": "role => {role_first}",
    "list_roles": "organization_id => {first}",
    "list_stripe_events": "",
    "list_stripe_requests": "organization_id => {first}",
    "list_subscription_plans": "",
    "list_subscriptions": "",
    "list_user_organizations": "user_id => {colleague}",
    "list_user_roles": "user_id => {colleague}",
    "list_users_with_permission": "organization_id => {first}, permission => 'credits:read'",
    "organizations_with": "permission => 'credits:read'",
    "organizations_with_feature": "feature => 'exports'",
    "process_stripe_event": "event => pg_catalog.jsonb_build_object('object', 'event', 'id', 'evt_2', 'type', 'new', "
    "'created', 0, 'data', pg_catalog.jsonb_build_object('object', pg_catalog.jsonb_build_object('object', 'new')))",
    "refund_credits": "organization_id => {first}, credit_transaction_id => {spent_first}",
    "release_hold": "organization_id => {first}, hold_id => {hold_first}",
    "remove_role_assignment": "user_role_id => {colleague_role}",
    "remove_role_permission": "role => {role_first}, permission => 'credits:read'",
    "resume_subscription": "subscription_id => {subscription_first}",
    "retry_stripe_events": "",
    "revoke_credits": "organization_id => {first}, credit_transaction_id => {grant_first}, amount => 1",
    "revoke_invitation": "organization_id => {first}, invitation_id => {invitation_first}",
    "set_auto_top_up": "organization_id => {first}, credit_product => 'current', threshold => 1, monthly_cap => 2",
    "start_trial": "organization_id => {first}, subscription_plan => 'current'",
    "stop_charging": "charged_table => 'public.billing_history'",
    "sync_catalog": "direction => 'push'",
    "transfer_ownership": "organization_id => {first}, user_id => {colleague}, from_user_id => {owner}",
    "update_billing_record": "organization_id => {first}, billing_record_id => {bill_first}, description => 'new'",
    "update_credit_event": "credit_event => 'image', credit_cost => 3",
    "update_credit_product": "credit_product => 'current', description => 'new'",
    "update_organization": "organization_id => {first}, description => 'Acme again'",
    "update_permission": "permission => 'reports:view', description => 'new'",
    "update_role": "role => {role_first}, description => 'new'",
    "update_role_assignment": "user_role_id => {colleague_role}, role => 'viewer'",
    "update_subscription": "subscription_id => {subscription_first}, metadata => '{{}}'",
    "update_subscription_plan": "subscription_plan => 'current', description => 'new'",
    "verify_ledger": "organization_id => {first}",
}

# What an insert gives: enough that nothing but permission can be missing.
INSERTS: dict[str, dict[str, Any]] = {
    "billing_history": {"organization_id": "{first}", "amount": 1, "status": "paid"},
    "credit_events": {"name": "new", "credit_cost": 1, "category": "compute"},
    "credit_products": {
        "name": "new",
        "stripe_price_id": "new",
        "stripe_product_id": "new",
        "credit_amount": 1,
        "price_amount": 1,
    },
    "credit_transactions": {
        "organization_id": "{first}",
        "transaction_type": "earned",
        "amount": 1,
        "balance_after": 1,
        "source": "grant",
        "entry_number": 99,
    },
    "organization_subscriptions": {"organization_id": "{first}", "stripe_customer_id": "new", "status": "active"},
    "organizations": {"name": "new", "slug": "new"},
    "permissions": {"name": "new", "resource": "new", "action": "new"},
    "role_permissions": {"role_id": "{auditor}", "permission_id": "{permission}"},
    "roles": {"name": "new"},
    "subscription_plans": {
        "name": "new",
        "stripe_price_id": "new",
        "stripe_product_id": "new",
        "price_amount": 1,
        "interval": "monthly",
    },
    "user_roles": {"user_id": "{caller}", "role_id": "{auditor}", "organization_id": "{first}"},
}

# Whose a row is: the organization, or for what belongs to none whether it is active.
OWNERS = {
    "organizations": "id::text",
    "role_permissions": "coalesce((select organization_id::text from public.roles where id = t.role_id), 'shared')",
    "permissions": "'shared'",
    "credit_events": "case when is_active then 'active' else 'inactive' end",
    "credit_products": "case when is_active then 'active' else 'inactive' end",
    "subscription_plans": "case when is_active then 'active' else 'inactive' end",
}

DENIED = "-"
VOID = 2278  # oid of the type
COMMANDS = ("select", "insert", "update", "delete", "truncate")


def test_every_table_is_read_and_changed_by_those_who_may(shared_admin: Connection, shared_world: World) -> None:
    found = {
        f"{table} {command}": [_try(shared_admin, shared_world, who, table, command) for who in CAST]
        for table in _tables(shared_admin)
        for command in COMMANDS
    }
    _compare(found, TABLES)


def test_every_column_is_written_by_those_who_may(shared_admin: Connection) -> None:
    """Columns that an API role may insert or update; service_role passes over policies but not over these."""
    rows = shared_admin.execute(
        """
        select format('%s %s %s', c.relname, p.name, r.name) as line,
            string_agg(a.attname, ' ' order by a.attnum) as columns, count(*) = max(c.relnatts) as all
        from pg_class as c
        join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        cross join unnest('{insert,update}'::text[]) as p (name)
        cross join unnest('{anon,authenticated,service_role}'::text[]) as r (name)
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relnamespace = 'public'::regnamespace
          and has_column_privilege(r.name, c.oid, a.attnum, p.name)
        group by 1
        """
    ).fetchall()
    found = {row["line"]: ["*"] if row["all"] else row["columns"].split() for row in rows}
    _compare(found, COLUMNS, key_words=3)


def test_every_function_is_called_by_those_who_may(
    shared_server: Connection, shared_admin: Connection, shared_world: World
) -> None:
    found = {
        function: outcomes(shared_server, shared_world, function) if function in PROBES else ["has no probe"]
        for function in _functions(shared_admin)
    }
    _compare(found, FUNCTIONS)


def test_no_function_is_granted_to_anon(shared_admin: Connection) -> None:
    """The matrix would not show it where the function reads as the caller and is refused anyway. Users and the service
    may execute what the matrix lets anybody call."""
    callable_by = {
        row["role"]: set(row["functions"])
        for row in shared_admin.execute(
            """
            select r.name as role, coalesce(array_agg(p.proname::text) filter (
                where has_function_privilege(r.name, p.oid, 'execute')), '{}') as functions
            from pg_proc as p
            cross join unnest('{anon,authenticated,service_role,tenantry_server,public}'::text[]) as r (name)
            where p.pronamespace = 'public'::regnamespace
            group by r.name
            """
        )
    }
    called = {function for function, cells in expected_outcomes().items() if set(cells) != {DENIED}}
    assert callable_by == {
        "anon": set(),
        "authenticated": called,
        "service_role": called,
        "tenantry_server": set(),
        "public": set(),
    }


def test_the_private_schemas_tables_are_closed_to_everybody(shared_admin: Connection) -> None:
    """But for the outbox, which the service role reads."""
    rows = shared_admin.execute(
        """
        select format('%s %s %s', c.relname, p.name, r.name) as open
        from pg_class as c
        cross join unnest('{select,insert,update,delete,truncate,references,trigger}'::text[]) as p (name)
        cross join unnest('{anon,authenticated,service_role,tenantry_server}'::text[]) as r (name)
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relnamespace = 'tenantry'::regnamespace
          and (has_table_privilege(r.name, c.oid, p.name)
              or p.name in ('select', 'insert', 'update', 'references')
                and has_any_column_privilege(r.name, c.oid, p.name))
        """
    ).fetchall()
    assert [row["open"] for row in rows] == ["events select service_role"]


def test_nothing_but_tables_is_exposed(shared_admin: Connection) -> None:
    """A view or a materialized view in public would need lines, and care, of its own."""
    rows = shared_admin.execute(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind not in ('r', 'i', 'c')"
    ).fetchall()
    assert rows == []


def _tables(admin: Connection) -> list[str]:
    rows = admin.execute(
        "select relname from pg_class"
        " where relkind in ('r', 'p', 'f') and relnamespace = 'public'::regnamespace order by 1"
    )
    return [row["relname"] for row in rows]


def _functions(admin: Connection) -> list[str]:
    rows = admin.execute("select distinct proname from pg_proc where pronamespace = 'public'::regnamespace order by 1")
    return [row["proname"] for row in rows]


def _parse(table: str, key_words: int = 1) -> dict[str, list[str]]:
    wanted, group = {}, ""
    for line in table.strip().splitlines():
        words = line.split()
        if not words or words[0] == "#":
            continue
        if len(words) == 1:
            group = line + " "
            continue
        wanted[group + " ".join(words[:key_words])] = words[key_words:]
    return wanted


def _compare(found: dict[str, list[str]], expected: str, key_words: int = 1) -> None:
    """Fails with the lines that differ, as they would stand in the table."""
    wanted = _parse(expected, key_words)
    differences = [
        f"{key:<36} {' '.join(f'{cell:<13}' for cell in found.get(key, ['is not in the catalog']))}\n"
        f"{'expected':>36} {' '.join(f'{cell:<13}' for cell in wanted.get(key, ['has no line']))}"
        for key in sorted(found.keys() | wanted.keys())
        if found.get(key) != wanted.get(key)
    ]
    if differences:
        pytest.fail("\n".join(differences), pytrace=False)


def _rows(connection: Connection, world: World, table: str, who: str, condition: str = "true") -> dict[Any, set[str]]:
    """Of each row that the session sees its id, and whose it is."""
    owned_by = OWNERS.get(table, "coalesce(organization_id::text, 'shared')")
    mine = "user_id::text" if table == "user_roles" else "null::text"
    rows = connection.execute(
        f"select t.id, {owned_by} as owner, {mine} as holder from public.{table} as t where {condition}".encode()
    ).fetchall()
    names = {str(world.first): "first", str(world.second): "second"}
    caller = str(world.users.get(who))
    found: dict[Any, set[str]] = {}
    for row in rows:
        owner = str(row["owner"])
        found[row["id"]] = {names.get(owner, owner)} | ({"mine"} if row["holder"] == caller else set())
    return found


def _name(ids: set[Any], rows: dict[Any, set[str]]) -> str:
    """The set of rows in a word; in several, where it takes several."""
    if not ids:
        return "none"
    if ids == set(rows):
        return "all"
    kinds = sorted({kind for labels in rows.values() for kind in labels})
    for kind in ["mine", *kinds]:
        if ids == {row for row, labels in rows.items() if kind in labels}:
            return kind
    present = [kind for kind in kinds if kind != "mine" and any(kind in rows[row] for row in ids)]
    if ids == {row for row, labels in rows.items() if labels & set(present)}:
        return "+".join(present).replace("+shared", "+")
    return "some:" + "+".join(present)


def _try(admin: Connection, world: World, who: str, table: str, command: str) -> str:
    rows = _rows(admin, world, table, who)
    with world.acting(admin, who):
        try:
            match command:
                case "select":
                    seen = {row["id"] for row in admin.execute(f"select id from public.{table}".encode())}
                    return _name(seen, rows)
                case "insert":
                    _insert(admin, world, who, table)
                    return "ok"
                case "truncate":
                    admin.execute(f"truncate public.{table}".encode())
                    return "ok"
                case "delete":
                    admin.execute(f"delete from public.{table}".encode())
                    admin.execute("reset role")
                    return _name(set(rows) - set(_rows(admin, world, table, who)), rows)
        except psycopg.errors.InsufficientPrivilege:
            return DENIED
        except (psycopg.errors.ForeignKeyViolation, psycopg.errors.FeatureNotSupported):
            return "kept"
        except psycopg.Error as error:
            return str(error.sqlstate)
    return _update(admin, world, who, table, rows)


def _insert(admin: Connection, world: World, who: str, table: str) -> None:
    values = INSERTS.get(table, {})
    names = {"first": world.first, "caller": world.users.get(who, world.users["newcomer"]), **world.ids}
    given = [str(value).format(**names) if isinstance(value, str) else value for value in values.values()]
    admin.execute(
        sql.SQL("insert into public.{} ({}) values ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(sql.Placeholder() * len(values)),
        ),
        given,
    )


def _update(admin: Connection, world: World, who: str, table: str, rows: dict[Any, set[str]]) -> str:
    """What the caller changes by setting any one column to what it is."""
    columns = admin.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped",
        [f"public.{table}"],
    ).fetchall()
    changed: set[Any] = set()
    is_denied = True
    for column in columns:
        with world.acting(admin, who):
            try:
                admin.execute(
                    sql.SQL("update public.{0} set {1} = {1}").format(
                        sql.Identifier(table), sql.Identifier(column["attname"])
                    )
                )
            except psycopg.errors.InsufficientPrivilege:
                continue
            is_denied = False
            admin.execute("reset role")
            changed |= set(_rows(admin, world, table, who, "xmin = pg_current_xact_id()::xid"))
    return DENIED if is_denied else _name(changed, rows)


def outcomes(server: Connection, world: World, function: str, *preamble: str) -> list[str]:
    """What comes of calling the function, for each of the cast; `preamble`: statements to run before, as the caller."""
    return [_call(server, world, who, f"public.{function}({PROBES[function]})", preamble) for who in CAST]


def expected_outcomes() -> dict[str, list[str]]:
    """What FUNCTIONS says, by function."""
    return _parse(FUNCTIONS)


def _call(server: Connection, world: World, who: str, expression: str, preamble: Sequence[str]) -> str:
    with world.acting(server, who):
        for statement in preamble:
            server.execute(statement.encode())
        try:
            cursor = server.execute(f"select * from {expression.format(**_names(world))}".encode())
            rows = cursor.fetchall()
        except psycopg.Error as error:
            return {"42501": DENIED, "TN002": "hidden"}.get(error.sqlstate or "", str(error.sqlstate))
    if cursor.description and cursor.description[0].type_code == VOID:
        return "ok"
    values = [value for row in rows for value in row.values()]
    if values == [False]:
        return "no"
    if not any(value not in (None, [], "{}") for value in values):
        return "empty"
    text = str(values)
    if re.search(r"""[,'"]42501[,'"]""", text):  # a decision of a batch
        return DENIED
    first, second = (any(str(mark) in text for mark in marks) for marks in _marks(world))
    return {(True, True): "both", (True, False): "first", (False, True): "second"}.get((first, second), "ok")


def _names(world: World) -> dict[str, Any]:
    return {
        name: f"'{value}'"
        for name, value in {"first": world.first, "second": world.second, **world.ids, **world.users}.items()
    }


def _marks(world: World) -> list[list[Any]]:
    ids = world.ids.items()
    return [
        [world.first, "Acme", world.users["colleague"], *(value for name, value in ids if name.endswith("_first"))],
        [world.second, "Globex", world.users["foreigner"], *(value for name, value in ids if name.endswith("_second"))],
    ]
