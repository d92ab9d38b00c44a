"""The OpenAPI document: what the views promise, told in one place above them (docs/openapi.json is its copy).

`fields` says what our own serializer fields take, `shapes` what the answers look like, `views` which view takes and
gives what, `problems` adds the refusals, `events` the webhooks. drf-spectacular walks the addresses and puts it
together; its settings stand in `config.settings`.
"""
