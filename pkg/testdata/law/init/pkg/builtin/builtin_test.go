package builtin

func init() {}
