"""Groups: what people belong to. Their kinds are numbered in Postgres; what events say of them stands in ClickHouse."""
