"""Routes: the document that says where results go, checked, compiled and evaluated."""
