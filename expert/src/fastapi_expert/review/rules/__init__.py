"""The rules: a file a family, beside each rule's page; :mod:`.registry` names them all."""
