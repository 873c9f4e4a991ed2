"""Where tasks are carried out: processes of this machine."""
