"""People under a provider that ignores tags get the key that their next enquiry will have, where nobody has it yet."""

from django.db import migrations

from intake import addresses


def under_one_key(apps, schema_editor):
    Lead = apps.get_model("intake", "Lead")
    for domain in addresses.TAGS_IGNORED:
        for lead in Lead.objects.filter(email_key__endswith=f"@{domain}").iterator():
            try:
                key = addresses.normalise(lead.email)[1]
            except ValueError:
                continue
            # Two people that are one by now are for staff to merge.
            if key != lead.email_key and not Lead.objects.filter(email_key=key).exists():
                Lead.objects.filter(pk=lead.pk).update(email_key=key)


class Migration(migrations.Migration):
    dependencies = [("intake", "0010_lead_aliases")]

    operations = [migrations.RunPython(under_one_key, migrations.RunPython.noop)]
