-- Returns a name in its stored form: normalized (NFKC) and without spaces at its ends.
--
-- A name is shown to people, who decide by it. So no character of a name is invisible, changes the direction of the
-- text, or controls a terminal. The refused characters are the control characters, the default ignorable code points of
-- Unicode (zero-width characters, bidirectional controls, variation selectors, fillers, tags), the separators of lines,
-- the blank Braille pattern and Ogham space, and the specials from U+FFF0 on.
--
-- p_max: most characters.
--
-- Raises: TN001, also for null and for a blank name.
create or replace function tenantry.normalize_name(p_field text, p_name text, p_max integer) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    c_refused constant text := '[\u0001-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5'
        '\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff'
        '\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]';
    v_name text;
    v_refused text;
begin
    -- Normalization and the spaces can make the text shorter. A text that stays too long is refused without the work.
    perform tenantry.require_text(p_field, p_name, case when length(p_name) > p_max + 100 then p_max end, true);
    v_name := regexp_replace(normalize(p_name, nfkc), '^[[:space:]]+|[[:space:]]+$', '', 'g');
    perform tenantry.require_text(p_field, v_name, p_max, true);
    v_refused := substring(v_name from c_refused);
    if v_refused is not null then
        perform tenantry.fail_invalid(p_field, format(
            'must not contain the invisible character U+%s', upper(lpad(to_hex(ascii(v_refused)), 4, '0'))));
    end if;
    return v_name;
end
$$;

comment on function tenantry.normalize_name(text, text, integer) is
    'The name in its stored form: NFKC and trimmed. Raises TN001 for a missing, long or partly invisible name.';
revoke all on function tenantry.normalize_name from public, anon, authenticated, service_role;
