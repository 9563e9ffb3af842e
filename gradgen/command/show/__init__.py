"""What commands show: tables, pictures and pages."""
