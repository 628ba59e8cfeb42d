-- roles: once per server, by a superuser. The owner makes and changes tables; the console works as the app role, which
-- can do neither, and can't change or delete an event. The owner signs in for an upgrade only (deploy/README.md).
create role sluice_owner nologin;
create role sluice_app login;
