-- People without password hashes, for the pages of auditors. A scope that reaches all has all of them; any other has
-- its own user, the reseller's staff and the members of the clients in the scope. The conditions are those of the
-- policies in `tenants/isolation/row_security.py`: a setting counts only where `scope_holds()` finds it signed.
CREATE VIEW public.tenants_person WITH (security_barrier) AS
SELECT id, email, name, is_active, last_login FROM public.tenants_user u
WHERE (SELECT current_setting('patchbay.reach', true) = 'all' AND public.scope_holds())
  OR u.id = (SELECT CASE WHEN current_setting('patchbay.person', true) <> '' AND public.scope_holds()
    THEN current_setting('patchbay.person', true)::bigint END)
  OR EXISTS (SELECT 1 FROM public.tenants_staffmember s WHERE s.user_id = u.id)
  OR EXISTS (SELECT 1 FROM public.tenants_membership m WHERE m.user_id = u.id AND m.tenant_id = ANY ((
    SELECT CASE WHEN current_setting('patchbay.tenants', true) <> '' AND public.scope_holds()
    THEN current_setting('patchbay.tenants', true)::bigint[] END)::bigint[]));
