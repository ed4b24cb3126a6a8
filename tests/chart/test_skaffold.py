"""skaffold.yaml names what there is: images, values, objects of the release."""

import re

import yaml
from support.charts import REPOSITORY, Manifest, Render, named, pods_of

SKAFFOLD = yaml.safe_load((REPOSITORY / "skaffold.yaml").read_text())
JOB = yaml.safe_load((REPOSITORY / "images/verify-job.yaml").read_text())
(RELEASE,) = SKAFFOLD["deploy"]["helm"]["releases"]


def test_every_image_is_built_as_make_builds_it() -> None:
    makefile = (REPOSITORY / "images/images.mk").read_text()
    images = re.search(r"^IMAGES := (.+)$", makefile, re.MULTILINE)
    made = dict(re.findall(r"^BUILD_([\w-]+) := (.+)$", makefile, re.MULTILINE))
    artifacts = {artifact["image"]: artifact["docker"] for artifact in SKAFFOLD["build"]["artifacts"]}
    built = {
        image: f"--file {docker['dockerfile']}"
        + (f" --target {docker['target']}" if "target" in docker else "")
        for image, docker in artifacts.items()
    }

    assert images
    assert built.keys() == set(images[1].split())
    assert built == made
    assert all((REPOSITORY / docker["dockerfile"]).is_file() for docker in artifacts.values())


def test_every_build_is_given_the_base_images_that_its_dockerfile_takes() -> None:
    for artifact in SKAFFOLD["build"]["artifacts"]:
        docker = artifact["docker"]
        dockerfile = (REPOSITORY / docker["dockerfile"]).read_text()
        taken = set(re.findall(r"^FROM \$\{(\w+)\}", dockerfile, re.MULTILINE))

        assert taken
        assert docker["buildArgs"] == {name: f"{{{{.{name}}}}}" for name in taken}, artifact["image"]


def test_the_images_that_it_builds_are_those_that_run(render: Render) -> None:
    values = {
        name: re.sub(r"\W", "", template).lower() for name, template in RELEASE["setValueTemplates"].items()
    }
    manifests = render(values)
    used = {
        container["image"] for pod in pods_of(manifests).values() for container in pod["spec"]["containers"]
    }
    built = [artifact["image"].replace("-", "_") for artifact in SKAFFOLD["build"]["artifacts"]]
    assert used - {"docker.io/library/postgres:17"} == {
        f"image_repo_{name}:image_tag_{name}" for name in built
    }


def test_forwarded_ports_and_the_verification_name_objects_of_the_release(render: Render) -> None:
    manifests = render(namespace=RELEASE["namespace"], release=RELEASE["name"])
    for forward in SKAFFOLD["portForward"]:
        ports = named(manifests, "Service", forward["resourceName"])["spec"]["ports"]
        assert forward["port"] in [port["port"] for port in ports]
    spec = JOB["spec"]["template"]["spec"]
    reference = spec["containers"][0]["env"][-1]["valueFrom"]["secretKeyRef"]
    assert reference["key"] in named(manifests, "Secret", reference["name"])["stringData"]
    named(manifests, "ServiceAccount", spec["serviceAccountName"])


def test_the_verification_has_the_labels_that_the_policies_let_through(render: Render) -> None:
    test: Manifest = named(render(), "NetworkPolicy", "hotel-test")
    assert JOB["spec"]["template"]["metadata"]["labels"] == test["spec"]["podSelector"]["matchLabels"]


def test_the_verification_makes_the_reservation_of_helm_test(render: Render) -> None:
    """`helm test` is run for real in the cluster; the options of the command are the same."""
    (container,) = named(render(), "Pod", "hotel-test")["spec"]["containers"]
    (verification,) = SKAFFOLD["verify"]
    tested, verified = (
        set(re.findall(r"hotel (?:reserve|cancel)|--[a-z-]+", script))
        for script in (container["command"][-1], verification["container"]["args"][0])
    )
    assert verified <= tested
    assert {"hotel reserve", "hotel cancel", "--reference"} <= verified
