import type { SdkParameters } from "./sdk-types.ts";
import { xmlText } from "./source-text.ts";

/** What a Java project is published as. AWS: API Gateway developer guide, "Generate the Java SDK of an API in API Gateway". */
export interface Project {
  readonly name: string;
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
}

export const nameProject = (parameters: SdkParameters, service: string, packageName: string): Project => ({
  name: service,
  group: parameters.get("java.group-id") ?? packageName,
  artifact: parameters.get("java.artifact-id") ?? service,
  version: parameters.get("java.artifact-version") ?? "1.0-SNAPSHOT",
});

/** For Maven, unless Gradle is asked for. */
export const buildFiles = (project: Project, system: string | undefined): Readonly<Record<string, string>> =>
  system === "gradle" ? gradleFiles(project) : { "pom.xml": pomFile(project) };

const pomFile = (project: Project): string => pomWith(project, { javaVersion: "11", dependencies: "", plugins: "" });

interface PomParts {
  readonly javaVersion: string;
  /** The element, or nothing. */
  readonly dependencies: string;
  readonly plugins: string;
}

/** Returns a `pom.xml` that builds a jar. */
export const pomWith = (
  { name, group, artifact, version }: Project,
  { javaVersion, dependencies, plugins }: PomParts,
): string => `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:schemaLocation="http://maven.apache.org/POM/4.0.0 http://maven.apache.org/maven-v4_0_0.xsd">
    <modelVersion>4.0.0</modelVersion>
    <groupId>${xmlText(group)}</groupId>
    <artifactId>${xmlText(artifact)}</artifactId>
    <version>${xmlText(version)}</version>
    <packaging>jar</packaging>
    <name>${xmlText(name)}</name>

    <properties>
        <maven.compiler.source>${javaVersion}</maven.compiler.source>
        <maven.compiler.target>${javaVersion}</maven.compiler.target>
        <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
    </properties>
${dependencies}${plugins}</project>
`;

const gradleFiles = ({ group, artifact, version }: Project): Record<string, string> => ({
  "build.gradle": `plugins {
    id 'java-library'
    id 'maven-publish'
}

group = '${group}'
version = '${version}'

java {
    sourceCompatibility = JavaVersion.VERSION_11
    targetCompatibility = JavaVersion.VERSION_11
}

publishing {
    publications {
        maven(MavenPublication) {
            from components.java
        }
    }
}
`,
  "settings.gradle": `rootProject.name = '${artifact}'\n`,
});
