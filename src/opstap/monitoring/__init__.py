"""The operator monitor: facts about the work against a person's own baseline, rules people can read, advice that can be
refused. Nothing here tells how anybody feels; what a person says of themselves is taken as said."""
