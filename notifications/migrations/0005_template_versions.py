"""The words of replies get versions. What staff rewrote becomes version 1; what the program brought, no version."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

SHIPPED_BODY = """{{ headline }}

{{ greeting }}

Thank you for telling us where you stand. {{ meaning }}

{{ asked_otherwise }}

{{ time }}

{{ button }}

What we go by:
{{ reasons }}

{{ takes_on }}

{{ cost }}
"""
SHIPPED_SUBJECTS = {
    "Your assessment: a fractional CTO fits",
    "Your assessment: a fractional AI officer fits",
    "Your assessment: both roles, and one person for them",
    "Your assessment: both roles, in two people",
    "Your assessment: a conversation first",
}


def keep_what_staff_wrote(apps, schema_editor):
    Template = apps.get_model("notifications", "Template")
    Version = apps.get_model("notifications", "TemplateVersion")
    now = timezone.now()
    for template in Template.objects.all():
        is_shipped = template.subject in SHIPPED_SUBJECTS and template.body.split() == SHIPPED_BODY.split()
        if not is_shipped:
            Version.objects.create(
                template=template, number=1, subject=template.subject, body=template.body, saved_at=now, published_at=now
            )


def put_it_back(apps, schema_editor):
    Template = apps.get_model("notifications", "Template")
    for template in Template.objects.all():
        newest = template.versions.filter(published_at__isnull=False).order_by("-number").first()
        template.subject = newest.subject if newest else "Your assessment"
        template.body = newest.body if newest else SHIPPED_BODY
        template.save()


class Migration(migrations.Migration):

    dependencies = [
        ("notifications", "0004_endpoints_rotate_and_heal"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="TemplateVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("subject", models.CharField(max_length=200)),
                ("body", models.TextField(help_text="Paragraphs with an empty line between them.")),
                ("saved_at", models.DateTimeField()),
                ("published_at", models.DateTimeField(null=True)),
                ("saved_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("template", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="notifications.template")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["template", "number"], name="template_version_number_once"),
                    models.UniqueConstraint(condition=models.Q(("published_at__isnull", True)), fields=["template"], name="template_has_one_draft"),
                ],
            },
        ),
        migrations.RunPython(keep_what_staff_wrote, migrations.RunPython.noop),
    ]
