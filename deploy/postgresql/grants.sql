-- grants: after `sluice console --prepare` and after every upgrade, by the owner, in the console's database.
-- The app role reads and writes the work; of the audit log it can only read and append, of the migrations only read.
revoke create on schema public from public;
grant usage on schema public to sluice_app;
grant select, insert, update, delete on all tables in schema public to sluice_app;
grant usage, select on all sequences in schema public to sluice_app;
revoke update, delete, truncate, references, trigger on console_event from sluice_app;
revoke insert, delete, truncate, references, trigger on console_eventhead from sluice_app;
revoke insert, update, delete, truncate on django_migrations from sluice_app;
