"""Templates lose their own subject and body, which stand in versions by now."""

import importlib

from django.db import migrations, models

before = importlib.import_module("notifications.migrations.0005_template_versions")


class Migration(migrations.Migration):
    dependencies = [("notifications", "0005_template_versions")]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, before.put_it_back),
        migrations.AlterField("template", "subject", models.CharField(default="", max_length=200)),
        migrations.AlterField("template", "body", models.TextField(default="")),
        migrations.RemoveField("template", "subject"),
        migrations.RemoveField("template", "body"),
    ]
