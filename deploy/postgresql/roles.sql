-- roles: once per server, by a superuser. The owner makes and changes tables; the console works as the app role, which
-- can do neither, and can't change or delete an event. Nobody signs in as the owner but for an upgrade.
create role sluice_owner login;
create role sluice_app login;
