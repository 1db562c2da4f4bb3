"""The database: embedded server, pool, named queries, migrations, jobs. No business rules."""
