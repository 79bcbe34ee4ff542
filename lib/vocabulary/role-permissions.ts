/**
 * Google's predefined roles of the chain of trust, and what each permits. Permissions of services outside the chain are left
 * out; a role or a permission that is not here is not known, which is not the same as not granted.
 *
 * Source: https://github.com/iann0036/iam-dataset (MIT), gcp/roles, snapshot of 2026-08-22
 */
const TABLE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "roles/cloudkms.signer": {
    cloudkms: "cryptoKeyVersions.useToSign locations.get locations.list",
    resourcemanager: "projects.get",
  },
  "roles/cloudkms.signerVerifier": {
    cloudkms: `
      cryptoKeyVersions.useToSign cryptoKeyVersions.useToVerify cryptoKeyVersions.viewPublicKey locations.get
      locations.list
    `,
    resourcemanager: "projects.get",
  },
  "roles/cloudkms.verifier": {
    cloudkms: "cryptoKeyVersions.useToVerify cryptoKeyVersions.viewPublicKey locations.get locations.list",
    resourcemanager: "projects.get",
  },
  "roles/cloudkms.publicKeyViewer": {
    cloudkms: "cryptoKeyVersions.viewPublicKey locations.get locations.list",
    resourcemanager: "projects.get",
  },
  "roles/cloudkms.viewer": {
    cloudkms: `
      autokeyConfigs.get cryptoKeyVersions.get cryptoKeyVersions.list cryptoKeys.get cryptoKeys.list ekmConfigs.get
      ekmConnections.get ekmConnections.list folders.showEffectiveAutokeyConfig importJobs.get importJobs.list
      kajPolicyConfigs.get keyHandles.get keyHandles.list keyRings.get keyRings.list locations.get locations.list
      operations.get projects.showEffectiveAutokeyConfig protectableResources.list retiredResources.get
      retiredResources.list singleTenantHsmInstanceProposals.get singleTenantHsmInstanceProposals.list
      singleTenantHsmInstances.get singleTenantHsmInstances.list
    `,
    resourcemanager: "projects.get",
  },
  "roles/cloudkms.admin": {
    cloudkms: `
      autokeyConfigs.get autokeyConfigs.update cryptoKeyVersions.create cryptoKeyVersions.delete
      cryptoKeyVersions.destroy cryptoKeyVersions.get cryptoKeyVersions.list cryptoKeyVersions.restore
      cryptoKeyVersions.trustedImportExport cryptoKeyVersions.update cryptoKeyVersions.useToDecryptViaDelegation
      cryptoKeyVersions.useToEncryptViaDelegation cryptoKeys.create cryptoKeys.delete cryptoKeys.get
      cryptoKeys.getIamPolicy cryptoKeys.list cryptoKeys.setIamPolicy cryptoKeys.update ekmConfigs.get
      ekmConfigs.getIamPolicy ekmConfigs.setIamPolicy ekmConfigs.update ekmConnections.create ekmConnections.get
      ekmConnections.getIamPolicy ekmConnections.list ekmConnections.setIamPolicy ekmConnections.update
      ekmConnections.use ekmConnections.verifyConnectivity folders.showEffectiveAutokeyConfig importJobs.create
      importJobs.delete importJobs.get importJobs.getIamPolicy importJobs.list importJobs.setIamPolicy
      importJobs.useToImport kajPolicyConfigs.get kajPolicyConfigs.update keyHandles.create keyHandles.get
      keyHandles.list keyRings.create keyRings.createTagBinding keyRings.delete keyRings.deleteTagBinding
      keyRings.get keyRings.getIamPolicy keyRings.list keyRings.listEffectiveTags keyRings.listTagBindings
      keyRings.setIamPolicy locations.get locations.list locations.optOutKeyDeletionMsa operations.get
      projects.showEffectiveAutokeyConfig projects.showEffectiveKajEnrollmentConfig
      projects.showEffectiveKajPolicyConfig retiredResources.get retiredResources.list
      singleTenantHsmInstanceProposals.delete singleTenantHsmInstanceProposals.get
      singleTenantHsmInstanceProposals.list singleTenantHsmInstances.create singleTenantHsmInstances.get
      singleTenantHsmInstances.list singleTenantHsmInstances.use
    `,
    resourcemanager: "projects.get",
  },
  "roles/cloudkms.cryptoOperator": {
    cloudkms: `
      cryptoKeyVersions.useToDecapsulate cryptoKeyVersions.useToDecrypt cryptoKeyVersions.useToEncrypt
      cryptoKeyVersions.useToSign cryptoKeyVersions.useToVerify cryptoKeyVersions.viewPublicKey
      locations.generateRandomBytes locations.get locations.list
    `,
    resourcemanager: "projects.get",
  },
  "roles/containeranalysis.notes.attacher": {
    containeranalysis: "notes.attachOccurrence notes.get",
  },
  "roles/containeranalysis.notes.viewer": {
    containeranalysis: "notes.get notes.list",
    resourcemanager: "projects.get projects.list",
  },
  "roles/containeranalysis.notes.editor": {
    containeranalysis: "notes.attachOccurrence notes.create notes.delete notes.get notes.list notes.update",
    resourcemanager: "projects.get projects.list",
  },
  "roles/containeranalysis.notes.occurrences.viewer": {
    containeranalysis: "notes.get notes.listOccurrences",
  },
  "roles/containeranalysis.occurrences.editor": {
    containeranalysis: "occurrences.create occurrences.delete occurrences.get occurrences.list occurrences.update",
    resourcemanager: "projects.get projects.list",
  },
  "roles/containeranalysis.occurrences.viewer": {
    containeranalysis: "occurrences.get occurrences.list",
    resourcemanager: "projects.get projects.list",
  },
  "roles/containeranalysis.admin": {
    containeranalysis: `
      notes.attachOccurrence notes.create notes.delete notes.get notes.getIamPolicy notes.list notes.setIamPolicy
      notes.update occurrences.create occurrences.delete occurrences.get occurrences.getIamPolicy occurrences.list
      occurrences.setIamPolicy occurrences.update
    `,
    resourcemanager: "projects.get projects.list",
  },
  "roles/binaryauthorization.attestorsViewer": {
    binaryauthorization: "attestors.get attestors.list",
    resourcemanager: "projects.get projects.list",
  },
  "roles/binaryauthorization.attestorsVerifier": {
    binaryauthorization: "attestors.get attestors.list attestors.verifyImageAttested",
    resourcemanager: "projects.get projects.list",
  },
  "roles/binaryauthorization.attestorsEditor": {
    binaryauthorization: `
      attestors.create attestors.delete attestors.get attestors.list attestors.update attestors.verifyImageAttested
    `,
    resourcemanager: "projects.get projects.list",
  },
  "roles/binaryauthorization.attestorsAdmin": {
    binaryauthorization: `
      attestors.create attestors.delete attestors.get attestors.getIamPolicy attestors.list attestors.setIamPolicy
      attestors.update attestors.verifyImageAttested
    `,
    resourcemanager: "projects.get projects.list",
  },
  "roles/binaryauthorization.policyViewer": {
    binaryauthorization: "continuousValidationConfig.get platformPolicies.get platformPolicies.list policy.get",
    resourcemanager: "projects.get projects.list",
  },
  "roles/binaryauthorization.policyEditor": {
    binaryauthorization: `
      continuousValidationConfig.get continuousValidationConfig.update platformPolicies.create
      platformPolicies.delete platformPolicies.evaluatePolicy platformPolicies.get platformPolicies.list
      platformPolicies.replace policy.evaluatePolicy policy.get policy.update
    `,
    resourcemanager: "projects.get projects.list",
  },
  "roles/binaryauthorization.policyAdmin": {
    binaryauthorization: `
      continuousValidationConfig.get continuousValidationConfig.getIamPolicy continuousValidationConfig.setIamPolicy
      continuousValidationConfig.update platformPolicies.create platformPolicies.delete
      platformPolicies.evaluatePolicy platformPolicies.get platformPolicies.list platformPolicies.replace
      policy.evaluatePolicy policy.get policy.getIamPolicy policy.setIamPolicy policy.update
    `,
    resourcemanager: "projects.get projects.list",
  },
  "roles/binaryauthorization.policyEvaluator": {
    binaryauthorization: `
      platformPolicies.evaluatePolicy platformPolicies.get platformPolicies.list policy.evaluatePolicy policy.get
    `,
    resourcemanager: "projects.get projects.list",
  },
  "roles/binaryauthorization.serviceAgent": {
    artifactregistry: "dockerimages.get repositories.downloadArtifacts",
    binaryauthorization: `
      attestors.get attestors.list attestors.verifyImageAttested platformPolicies.evaluatePolicy
      policy.evaluatePolicy
    `,
    containeranalysis: "notes.get notes.list notes.listOccurrences occurrences.get occurrences.list",
    resourcemanager: "projects.get projects.list",
  },
  "roles/artifactregistry.reader": {
    artifactregistry: `
      attachments.get attachments.list dockerimages.get dockerimages.list files.download files.get files.list
      locations.get locations.list mavenartifacts.get mavenartifacts.list npmpackages.get npmpackages.list
      packages.get packages.list projectconfigs.get projectsettings.get pythonpackages.get pythonpackages.list
      repositories.downloadArtifacts repositories.exportArtifacts repositories.get repositories.list
      repositories.listEffectiveTags repositories.listTagBindings repositories.readViaVirtualRepository rules.get
      rules.list tags.get tags.list versions.get versions.list
    `,
    resourcemanager: "projects.get",
  },
  "roles/artifactregistry.writer": {
    artifactregistry: `
      aptartifacts.create attachments.create attachments.delete attachments.get attachments.list dockerimages.get
      dockerimages.list files.download files.get files.list files.update files.upload kfpartifacts.create
      locations.get locations.list mavenartifacts.get mavenartifacts.list npmpackages.get npmpackages.list
      packages.get packages.list packages.update projectconfigs.get projectsettings.get pythonpackages.get
      pythonpackages.list repositories.downloadArtifacts repositories.exportArtifacts repositories.get
      repositories.list repositories.listEffectiveTags repositories.listTagBindings
      repositories.readViaVirtualRepository repositories.uploadArtifacts rules.get rules.list tags.create tags.get
      tags.list tags.update versions.get versions.list yumartifacts.create
    `,
    resourcemanager: "projects.get",
  },
  "roles/artifactregistry.repoAdmin": {
    artifactregistry: `
      aptartifacts.create attachments.create attachments.delete attachments.get attachments.list dockerimages.get
      dockerimages.list files.delete files.download files.get files.list files.update files.upload
      kfpartifacts.create locations.get locations.list mavenartifacts.get mavenartifacts.list npmpackages.get
      npmpackages.list packages.delete packages.get packages.list packages.update projectconfigs.get
      projectsettings.get pythonpackages.get pythonpackages.list repositories.deleteArtifacts
      repositories.downloadArtifacts repositories.exportArtifacts repositories.get repositories.list
      repositories.listEffectiveTags repositories.listTagBindings repositories.readViaVirtualRepository
      repositories.uploadArtifacts rules.create rules.delete rules.get rules.list rules.update tags.create
      tags.delete tags.get tags.list tags.update versions.delete versions.get versions.list versions.update
      yumartifacts.create
    `,
    resourcemanager: "projects.get",
  },
  "roles/artifactregistry.admin": {
    artifactregistry: `
      aptartifacts.create attachments.create attachments.delete attachments.get attachments.list dockerimages.get
      dockerimages.list files.delete files.download files.get files.list files.update files.upload
      kfpartifacts.create locations.get locations.list mavenartifacts.get mavenartifacts.list npmpackages.get
      npmpackages.list packages.delete packages.get packages.list packages.update projectconfigs.get
      projectconfigs.update projectsettings.get projectsettings.update pythonpackages.get pythonpackages.list
      repositories.create repositories.createTagBinding repositories.delete repositories.deleteArtifacts
      repositories.deleteTagBinding repositories.downloadArtifacts repositories.exportArtifacts repositories.get
      repositories.getIamPolicy repositories.list repositories.listEffectiveTags repositories.listTagBindings
      repositories.readViaVirtualRepository repositories.setIamPolicy repositories.update
      repositories.uploadArtifacts rules.create rules.delete rules.get rules.list rules.update tags.create
      tags.delete tags.get tags.list tags.update versions.delete versions.get versions.list versions.update
      yumartifacts.create
    `,
    cloudkms: "keyHandles.create keyHandles.get keyHandles.list operations.get projects.showEffectiveAutokeyConfig",
    resourcemanager: "projects.get",
  },
  "roles/logging.logWriter": {
    logging: "logEntries.create logEntries.route",
  },
  "roles/cloudbuild.builds.builder": {
    artifactregistry: `
      aptartifacts.create attachments.create attachments.delete attachments.get attachments.list dockerimages.get
      dockerimages.list files.download files.get files.list files.update files.upload kfpartifacts.create
      locations.get locations.list mavenartifacts.get mavenartifacts.list npmpackages.get npmpackages.list
      packages.get packages.list packages.update projectconfigs.get projectsettings.get pythonpackages.get
      pythonpackages.list repositories.createOnPush repositories.deleteArtifacts repositories.downloadArtifacts
      repositories.exportArtifacts repositories.get repositories.list repositories.listEffectiveTags
      repositories.listTagBindings repositories.readViaVirtualRepository repositories.uploadArtifacts rules.get
      rules.list tags.create tags.get tags.list tags.update versions.get versions.list yumartifacts.create
    `,
    cloudbuild: `
      builds.create builds.get builds.list builds.update locations.get locations.list operations.get operations.list
      workerpools.use
    `,
    containeranalysis: "occurrences.create occurrences.delete occurrences.get occurrences.list occurrences.update",
    logging: "logEntries.create logEntries.list",
    pubsub: "topics.create topics.publish",
    resourcemanager: "projects.get projects.list",
  },
  "roles/cloudbuild.builds.editor": {
    cloudbuild: `
      builds.create builds.get builds.list builds.update locations.get locations.list operations.get operations.list
    `,
    resourcemanager: "projects.get projects.list",
  },
  "roles/cloudbuild.builds.viewer": {
    cloudbuild: "builds.get builds.list locations.get locations.list operations.get operations.list",
    resourcemanager: "projects.get projects.list",
  },
  "roles/cloudbuild.builds.approver": {
    cloudbuild: "builds.approve builds.get builds.list locations.get locations.list operations.get operations.list",
    resourcemanager: "projects.get projects.list",
  },
  "roles/cloudbuild.workerPoolUser": {
    cloudbuild: "workerpools.use",
  },
  "roles/cloudbuild.serviceAgent": {
    artifactregistry: `
      aptartifacts.create attachments.create attachments.delete attachments.get attachments.list dockerimages.get
      dockerimages.list files.download files.get files.list files.update files.upload kfpartifacts.create
      locations.get locations.list mavenartifacts.get mavenartifacts.list npmpackages.get npmpackages.list
      packages.get packages.list packages.update projectconfigs.get projectsettings.get pythonpackages.get
      pythonpackages.list repositories.createOnPush repositories.deleteArtifacts repositories.downloadArtifacts
      repositories.exportArtifacts repositories.get repositories.list repositories.listEffectiveTags
      repositories.listTagBindings repositories.readViaVirtualRepository repositories.uploadArtifacts rules.get
      rules.list tags.create tags.get tags.list tags.update versions.get versions.list yumartifacts.create
    `,
    binaryauthorization: `
      attestors.create attestors.delete attestors.get attestors.list attestors.update attestors.verifyImageAttested
    `,
    cloudbuild: `
      builds.create builds.get builds.list builds.update connections.get locations.get locations.list operations.get
      operations.list repositories.accessReadToken repositories.accessReadWriteToken repositories.get
      repositories.list workerpools.use
    `,
    containeranalysis: `
      notes.attachOccurrence notes.create notes.delete notes.get notes.list notes.update occurrences.create
      occurrences.delete occurrences.get occurrences.list occurrences.update
    `,
    iam: "serviceAccounts.get serviceAccounts.getAccessToken serviceAccounts.getOpenIdToken",
    logging: "logEntries.create logEntries.list",
    pubsub: "topics.attachSubscription topics.create topics.get topics.publish",
    resourcemanager: "projects.get projects.list",
    serviceusage: "services.use",
  },
  "roles/iam.serviceAccountUser": {
    iam: "serviceAccounts.actAs serviceAccounts.get serviceAccounts.list",
    resourcemanager: "projects.get projects.list",
  },
  "roles/iam.serviceAccountTokenCreator": {
    iam: `
      serviceAccounts.get serviceAccounts.getAccessToken serviceAccounts.getOpenIdToken
      serviceAccounts.implicitDelegation serviceAccounts.list serviceAccounts.signBlob serviceAccounts.signJwt
    `,
    resourcemanager: "projects.get projects.list",
  },
  "roles/iam.workloadIdentityUser": {
    iam: "serviceAccounts.get serviceAccounts.getAccessToken serviceAccounts.getOpenIdToken serviceAccounts.list",
  },
  "roles/iam.serviceAccountAdmin": {
    iam: `
      serviceAccountApiKeyBindings.create serviceAccountApiKeyBindings.delete serviceAccountApiKeyBindings.undelete
      serviceAccounts.create serviceAccounts.createTagBinding serviceAccounts.delete
      serviceAccounts.deleteTagBinding serviceAccounts.disable serviceAccounts.enable serviceAccounts.get
      serviceAccounts.getIamPolicy serviceAccounts.list serviceAccounts.listEffectiveTags
      serviceAccounts.listTagBindings serviceAccounts.setIamPolicy serviceAccounts.undelete serviceAccounts.update
    `,
    resourcemanager: "projects.get projects.list",
  },
  "roles/iam.serviceAccountKeyAdmin": {
    iam: `
      serviceAccountKeys.create serviceAccountKeys.delete serviceAccountKeys.disable serviceAccountKeys.enable
      serviceAccountKeys.get serviceAccountKeys.list serviceAccounts.get serviceAccounts.list
    `,
    resourcemanager: "projects.get projects.list",
  },
  "roles/iam.securityAdmin": {
    artifactregistry: `
      attachments.list dockerimages.list files.list locations.list mavenartifacts.list npmpackages.list
      packages.list pythonpackages.list repositories.getIamPolicy repositories.list repositories.setIamPolicy
      rules.list tags.list versions.list
    `,
    binaryauthorization: `
      attestors.getIamPolicy attestors.list attestors.setIamPolicy continuousValidationConfig.getIamPolicy
      continuousValidationConfig.setIamPolicy platformPolicies.list policy.getIamPolicy policy.setIamPolicy
    `,
    cloudbuild: `
      builds.list connections.getIamPolicy connections.list connections.setIamPolicy integrations.list
      locations.list operations.list repositories.list workerpools.list
    `,
    cloudkms: `
      cryptoKeyVersions.list cryptoKeys.getIamPolicy cryptoKeys.list cryptoKeys.setIamPolicy ekmConfigs.getIamPolicy
      ekmConfigs.setIamPolicy ekmConnections.getIamPolicy ekmConnections.list ekmConnections.setIamPolicy
      importJobs.getIamPolicy importJobs.list importJobs.setIamPolicy keyHandles.list keyRings.getIamPolicy
      keyRings.list keyRings.setIamPolicy locations.list protectableResources.list retiredResources.list
      singleTenantHsmInstanceProposals.list singleTenantHsmInstances.list
    `,
    container: "clusters.list",
    containeranalysis: `
      notes.getIamPolicy notes.list notes.setIamPolicy occurrences.getIamPolicy occurrences.list
      occurrences.setIamPolicy
    `,
    iam: `
      serviceAccountKeys.list serviceAccounts.get serviceAccounts.getIamPolicy serviceAccounts.list
      serviceAccounts.setIamPolicy
    `,
    logging: "logEntries.list",
    ondemandscanning: "operations.list",
    orgpolicy: "constraints.list customConstraints.list policies.list",
    pubsub: "topics.getIamPolicy topics.list topics.setIamPolicy",
    resourcemanager: "projects.getIamPolicy projects.list projects.setIamPolicy",
    run: "jobs.getIamPolicy jobs.list jobs.setIamPolicy services.getIamPolicy services.list services.setIamPolicy",
    secretmanager: "versions.list",
    serviceusage: "services.list",
  },
  "roles/resourcemanager.projectIamAdmin": {
    resourcemanager: `
      projects.createPolicyBinding projects.deletePolicyBinding projects.get projects.getIamPolicy
      projects.searchPolicyBindings projects.setIamPolicy projects.updatePolicyBinding
    `,
  },
  "roles/container.admin": {
    cloudkms: "keyHandles.create keyHandles.get keyHandles.list operations.get projects.showEffectiveAutokeyConfig",
    container: `
      clusters.connect clusters.create clusters.createTagBinding clusters.delete clusters.deleteTagBinding
      clusters.get clusters.getCredentials clusters.impersonate clusters.list clusters.listEffectiveTags
      clusters.listTagBindings clusters.update
    `,
    resourcemanager: "projects.get projects.list",
  },
  "roles/container.clusterAdmin": {
    cloudkms: "keyHandles.create keyHandles.get keyHandles.list operations.get projects.showEffectiveAutokeyConfig",
    container: "clusters.connect clusters.create clusters.delete clusters.get clusters.list clusters.update",
    resourcemanager: "projects.get projects.list",
  },
  "roles/container.developer": {
    container: "clusters.connect clusters.get clusters.list",
    resourcemanager: "projects.get projects.list",
  },
  "roles/container.defaultNodeServiceAccount": {
    logging: "logEntries.create",
  },
  "roles/container.nodeServiceAccount": {
    logging: "logEntries.create",
    resourcemanager: "projects.get projects.list",
    serviceusage: "services.use",
  },
  "roles/run.admin": {
    resourcemanager: "projects.get projects.list",
    run: `
      jobs.create jobs.createTagBinding jobs.delete jobs.deleteTagBinding jobs.get jobs.getIamPolicy jobs.list
      jobs.listEffectiveTags jobs.listTagBindings jobs.run jobs.runWithOverrides jobs.setIamPolicy jobs.sshRead
      jobs.sshRoot jobs.update services.create services.createTagBinding services.delete services.deleteTagBinding
      services.get services.getIamPolicy services.list services.listEffectiveTags services.listTagBindings
      services.setIamPolicy services.sshRead services.sshRoot services.update
    `,
  },
  "roles/run.developer": {
    resourcemanager: "projects.get projects.list",
    run: `
      jobs.create jobs.delete jobs.get jobs.getIamPolicy jobs.list jobs.listEffectiveTags jobs.listTagBindings
      jobs.run jobs.runWithOverrides jobs.sshRead jobs.sshRoot jobs.update services.create services.delete
      services.get services.getIamPolicy services.list services.listEffectiveTags services.listTagBindings
      services.sshRead services.sshRoot services.update
    `,
  },
  "roles/ondemandscanning.admin": {
    ondemandscanning: `
      operations.cancel operations.delete operations.get operations.list operations.wait scans.analyzePackages
      scans.listVulnerabilities scans.scan
    `,
  },
  "roles/secretmanager.secretAccessor": {
    resourcemanager: "projects.get projects.list",
    secretmanager: "versions.access",
  },
  "roles/pubsub.publisher": {
    pubsub: "topics.publish",
  },
  "roles/pubsub.subscriber": {
    pubsub: "topics.attachSubscription",
  },
  "roles/editor": {
    artifactregistry: `
      aptartifacts.create attachments.create attachments.delete attachments.get attachments.list dockerimages.get
      dockerimages.list files.delete files.download files.get files.list files.update files.upload
      kfpartifacts.create locations.get locations.list mavenartifacts.get mavenartifacts.list npmpackages.get
      npmpackages.list packages.delete packages.get packages.list packages.update projectconfigs.get
      projectconfigs.update projectsettings.get projectsettings.update pythonpackages.get pythonpackages.list
      repositories.create repositories.createOnPush repositories.delete repositories.deleteArtifacts
      repositories.downloadArtifacts repositories.exportArtifacts repositories.get repositories.getIamPolicy
      repositories.list repositories.listEffectiveTags repositories.listTagBindings
      repositories.readViaVirtualRepository repositories.update repositories.uploadArtifacts rules.create
      rules.delete rules.get rules.list rules.update tags.create tags.delete tags.get tags.list tags.update
      versions.delete versions.get versions.list versions.update yumartifacts.create
    `,
    binaryauthorization: `
      attestors.create attestors.delete attestors.get attestors.getIamPolicy attestors.list attestors.update
      attestors.verifyImageAttested continuousValidationConfig.get continuousValidationConfig.getIamPolicy
      continuousValidationConfig.update platformPolicies.create platformPolicies.delete
      platformPolicies.evaluatePolicy platformPolicies.get platformPolicies.list platformPolicies.replace
      policy.evaluatePolicy policy.get policy.getIamPolicy policy.update
    `,
    cloudbuild: `
      builds.approve builds.create builds.get builds.list builds.update connections.create connections.delete
      connections.fetchLinkableRepositories connections.get connections.getIamPolicy connections.list
      connections.update integrations.create integrations.delete integrations.get integrations.list
      integrations.update locations.get locations.list operations.get operations.list repositories.create
      repositories.delete repositories.fetchGitRefs repositories.get repositories.list workerpools.create
      workerpools.delete workerpools.get workerpools.list workerpools.update workerpools.use
    `,
    cloudkms: `
      autokeyConfigs.get autokeyConfigs.update cryptoKeyVersions.create cryptoKeyVersions.delete
      cryptoKeyVersions.get cryptoKeyVersions.list cryptoKeyVersions.trustedImportExport cryptoKeyVersions.update
      cryptoKeys.create cryptoKeys.delete cryptoKeys.get cryptoKeys.getIamPolicy cryptoKeys.list cryptoKeys.update
      ekmConfigs.get ekmConfigs.getIamPolicy ekmConfigs.update ekmConnections.create ekmConnections.get
      ekmConnections.getIamPolicy ekmConnections.list ekmConnections.update ekmConnections.use
      ekmConnections.verifyConnectivity folders.showEffectiveAutokeyConfig importJobs.create importJobs.delete
      importJobs.get importJobs.getIamPolicy importJobs.list importJobs.useToImport kajPolicyConfigs.get
      kajPolicyConfigs.update keyHandles.create keyHandles.get keyHandles.list keyRings.create keyRings.delete
      keyRings.get keyRings.getIamPolicy keyRings.list keyRings.listEffectiveTags keyRings.listTagBindings
      locations.generateRandomBytes locations.get locations.list operations.get projects.showEffectiveAutokeyConfig
      projects.showEffectiveKajEnrollmentConfig projects.showEffectiveKajPolicyConfig protectableResources.list
      protectedResources.search retiredResources.get retiredResources.list singleTenantHsmInstanceProposals.approve
      singleTenantHsmInstanceProposals.create singleTenantHsmInstanceProposals.delete
      singleTenantHsmInstanceProposals.execute singleTenantHsmInstanceProposals.get
      singleTenantHsmInstanceProposals.list singleTenantHsmInstances.create singleTenantHsmInstances.get
      singleTenantHsmInstances.list singleTenantHsmInstances.use
    `,
    container: `
      clusters.connect clusters.create clusters.delete clusters.get clusters.getCredentials clusters.list
      clusters.listEffectiveTags clusters.listTagBindings clusters.update
    `,
    containeranalysis: `
      notes.attachOccurrence notes.create notes.delete notes.get notes.getIamPolicy notes.list notes.listOccurrences
      notes.update occurrences.create occurrences.delete occurrences.get occurrences.getIamPolicy occurrences.list
      occurrences.update
    `,
    iam: `
      serviceAccountApiKeyBindings.create serviceAccountApiKeyBindings.delete serviceAccountApiKeyBindings.undelete
      serviceAccountKeys.create serviceAccountKeys.delete serviceAccountKeys.disable serviceAccountKeys.enable
      serviceAccountKeys.get serviceAccountKeys.list serviceAccounts.actAs serviceAccounts.create
      serviceAccounts.delete serviceAccounts.disable serviceAccounts.enable serviceAccounts.get
      serviceAccounts.getIamPolicy serviceAccounts.list serviceAccounts.listEffectiveTags
      serviceAccounts.listTagBindings serviceAccounts.update workloadIdentityPools.searchPolicyBindings
    `,
    logging: "logEntries.create logEntries.download logEntries.list logEntries.route",
    ondemandscanning: `
      operations.cancel operations.delete operations.get operations.list operations.wait scans.analyzePackages
      scans.listVulnerabilities scans.scan
    `,
    orgpolicy: "constraints.list customConstraints.get customConstraints.list policies.list policy.get",
    pubsub: `
      topics.attachSubscription topics.create topics.delete topics.detachSubscription topics.get topics.list
      topics.listEffectiveTags topics.listTagBindings topics.publish topics.update topics.updateTag
    `,
    resourcemanager: `
      projects.get projects.getIamPolicy projects.list projects.move projects.searchPolicyBindings projects.update
    `,
    run: `
      jobs.create jobs.delete jobs.get jobs.getIamPolicy jobs.list jobs.listEffectiveTags jobs.listTagBindings
      jobs.run jobs.runWithOverrides jobs.sshRead jobs.sshRoot jobs.update services.create services.delete
      services.get services.getIamPolicy services.list services.listEffectiveTags services.listTagBindings
      services.sshRead services.sshRoot services.update
    `,
    secretmanager: "versions.add versions.destroy versions.disable versions.enable versions.get versions.list",
    serviceusage: "services.disable services.enable services.get services.list services.use",
  },
  "roles/owner": {
    artifactregistry: `
      aptartifacts.create attachments.create attachments.delete attachments.get attachments.list dockerimages.get
      dockerimages.list files.delete files.download files.get files.list files.update files.upload
      kfpartifacts.create locations.get locations.list mavenartifacts.get mavenartifacts.list npmpackages.get
      npmpackages.list packages.delete packages.get packages.list packages.update projectconfigs.get
      projectconfigs.update projectsettings.get projectsettings.update pythonpackages.get pythonpackages.list
      repositories.create repositories.createOnPush repositories.createTagBinding repositories.delete
      repositories.deleteArtifacts repositories.deleteTagBinding repositories.downloadArtifacts
      repositories.exportArtifacts repositories.get repositories.getIamPolicy repositories.list
      repositories.listEffectiveTags repositories.listTagBindings repositories.readViaVirtualRepository
      repositories.setIamPolicy repositories.update repositories.uploadArtifacts rules.create rules.delete rules.get
      rules.list rules.update tags.create tags.delete tags.get tags.list tags.update versions.delete versions.get
      versions.list versions.update yumartifacts.create
    `,
    binaryauthorization: `
      attestors.create attestors.delete attestors.get attestors.getIamPolicy attestors.list attestors.setIamPolicy
      attestors.update attestors.verifyImageAttested continuousValidationConfig.get
      continuousValidationConfig.getIamPolicy continuousValidationConfig.setIamPolicy
      continuousValidationConfig.update platformPolicies.create platformPolicies.delete
      platformPolicies.evaluatePolicy platformPolicies.get platformPolicies.list platformPolicies.replace
      policy.evaluatePolicy policy.get policy.getIamPolicy policy.setIamPolicy policy.update
    `,
    cloudbuild: `
      builds.approve builds.create builds.get builds.list builds.update connections.create connections.delete
      connections.fetchLinkableRepositories connections.get connections.getIamPolicy connections.list
      connections.setIamPolicy connections.update integrations.create integrations.delete integrations.get
      integrations.list integrations.update locations.get locations.list operations.get operations.list
      repositories.accessReadToken repositories.accessReadWriteToken repositories.create repositories.delete
      repositories.fetchGitRefs repositories.get repositories.list workerpools.create workerpools.delete
      workerpools.get workerpools.list workerpools.update workerpools.use
    `,
    cloudkms: `
      autokeyConfigs.get autokeyConfigs.update cryptoKeyVersions.create cryptoKeyVersions.delete
      cryptoKeyVersions.destroy cryptoKeyVersions.get cryptoKeyVersions.list cryptoKeyVersions.managePqcSign
      cryptoKeyVersions.manageRawAesCbcKeys cryptoKeyVersions.manageRawAesCtrKeys
      cryptoKeyVersions.manageRawPKCS1Keys cryptoKeyVersions.restore cryptoKeyVersions.trustedImportExport
      cryptoKeyVersions.update cryptoKeyVersions.useToDecapsulate cryptoKeyVersions.useToDecrypt
      cryptoKeyVersions.useToDecryptViaDelegation cryptoKeyVersions.useToEncrypt
      cryptoKeyVersions.useToEncryptViaDelegation cryptoKeyVersions.useToSign cryptoKeyVersions.useToVerify
      cryptoKeyVersions.viewPublicKey cryptoKeys.create cryptoKeys.delete cryptoKeys.get cryptoKeys.getIamPolicy
      cryptoKeys.list cryptoKeys.setIamPolicy cryptoKeys.update ekmConfigs.get ekmConfigs.getIamPolicy
      ekmConfigs.setIamPolicy ekmConfigs.update ekmConnections.create ekmConnections.get ekmConnections.getIamPolicy
      ekmConnections.list ekmConnections.setIamPolicy ekmConnections.update ekmConnections.use
      ekmConnections.verifyConnectivity folders.showEffectiveAutokeyConfig importJobs.create importJobs.delete
      importJobs.get importJobs.getIamPolicy importJobs.list importJobs.setIamPolicy importJobs.useToImport
      kajPolicyConfigs.get kajPolicyConfigs.update keyHandles.create keyHandles.get keyHandles.list keyRings.create
      keyRings.createTagBinding keyRings.delete keyRings.deleteTagBinding keyRings.get keyRings.getIamPolicy
      keyRings.list keyRings.listEffectiveTags keyRings.listTagBindings keyRings.setIamPolicy
      locations.generateRandomBytes locations.get locations.list locations.optOutKeyDeletionMsa operations.get
      projects.showEffectiveAutokeyConfig projects.showEffectiveKajEnrollmentConfig
      projects.showEffectiveKajPolicyConfig protectableResources.list protectedResources.search retiredResources.get
      retiredResources.list singleTenantHsmInstanceProposals.approve singleTenantHsmInstanceProposals.create
      singleTenantHsmInstanceProposals.delete singleTenantHsmInstanceProposals.execute
      singleTenantHsmInstanceProposals.get singleTenantHsmInstanceProposals.list singleTenantHsmInstances.create
      singleTenantHsmInstances.get singleTenantHsmInstances.list singleTenantHsmInstances.use
    `,
    container: `
      clusters.connect clusters.create clusters.createTagBinding clusters.delete clusters.deleteTagBinding
      clusters.get clusters.getCredentials clusters.impersonate clusters.list clusters.listEffectiveTags
      clusters.listTagBindings clusters.update
    `,
    containeranalysis: `
      notes.attachOccurrence notes.create notes.delete notes.get notes.getIamPolicy notes.list notes.listOccurrences
      notes.setIamPolicy notes.update occurrences.create occurrences.delete occurrences.get occurrences.getIamPolicy
      occurrences.list occurrences.setIamPolicy occurrences.update
    `,
    iam: `
      serviceAccountApiKeyBindings.create serviceAccountApiKeyBindings.delete serviceAccountApiKeyBindings.undelete
      serviceAccountKeys.create serviceAccountKeys.delete serviceAccountKeys.disable serviceAccountKeys.enable
      serviceAccountKeys.get serviceAccountKeys.list serviceAccounts.actAs serviceAccounts.create
      serviceAccounts.createTagBinding serviceAccounts.delete serviceAccounts.deleteTagBinding
      serviceAccounts.disable serviceAccounts.enable serviceAccounts.get serviceAccounts.getIamPolicy
      serviceAccounts.list serviceAccounts.listEffectiveTags serviceAccounts.listTagBindings
      serviceAccounts.setIamPolicy serviceAccounts.undelete serviceAccounts.update
      workloadIdentityPools.createPolicyBinding workloadIdentityPools.deletePolicyBinding
      workloadIdentityPools.searchPolicyBindings workloadIdentityPools.updatePolicyBinding
    `,
    logging: "logEntries.create logEntries.download logEntries.list logEntries.route",
    ondemandscanning: `
      operations.cancel operations.delete operations.get operations.list operations.wait scans.analyzePackages
      scans.listVulnerabilities scans.scan
    `,
    orgpolicy: "constraints.list customConstraints.get customConstraints.list policies.list policy.get",
    pubsub: `
      topics.attachSubscription topics.create topics.createTagBinding topics.delete topics.deleteTagBinding
      topics.detachSubscription topics.get topics.getIamPolicy topics.list topics.listEffectiveTags
      topics.listTagBindings topics.publish topics.setIamPolicy topics.update topics.updateTag
    `,
    resourcemanager: `
      projects.createBillingAssignment projects.createPolicyBinding projects.delete projects.deleteBillingAssignment
      projects.deletePolicyBinding projects.get projects.getIamPolicy projects.list projects.move
      projects.searchPolicyBindings projects.setIamPolicy projects.undelete projects.update projects.updateLiens
      projects.updatePolicyBinding
    `,
    run: `
      jobs.create jobs.createTagBinding jobs.delete jobs.deleteTagBinding jobs.get jobs.getIamPolicy jobs.list
      jobs.listEffectiveTags jobs.listTagBindings jobs.run jobs.runWithOverrides jobs.setIamPolicy jobs.sshRead
      jobs.sshRoot jobs.update services.create services.createTagBinding services.delete services.deleteTagBinding
      services.get services.getIamPolicy services.list services.listEffectiveTags services.listTagBindings
      services.setIamPolicy services.sshRead services.sshRoot services.update
    `,
    secretmanager: `
      versions.access versions.add versions.destroy versions.disable versions.enable versions.get versions.list
    `,
    serviceusage: "services.disable services.enable services.get services.list services.use",
  },
  "roles/viewer": {
    artifactregistry: `
      attachments.get attachments.list dockerimages.get dockerimages.list files.download files.get files.list
      locations.get locations.list mavenartifacts.get mavenartifacts.list npmpackages.get npmpackages.list
      packages.get packages.list projectconfigs.get projectsettings.get pythonpackages.get pythonpackages.list
      repositories.downloadArtifacts repositories.exportArtifacts repositories.get repositories.getIamPolicy
      repositories.list repositories.listEffectiveTags repositories.listTagBindings
      repositories.readViaVirtualRepository rules.get rules.list tags.get tags.list versions.get versions.list
    `,
    binaryauthorization: `
      attestors.get attestors.getIamPolicy attestors.list attestors.verifyImageAttested
      continuousValidationConfig.get continuousValidationConfig.getIamPolicy platformPolicies.evaluatePolicy
      platformPolicies.get platformPolicies.list policy.evaluatePolicy policy.get policy.getIamPolicy
    `,
    cloudbuild: `
      builds.get builds.list connections.fetchLinkableRepositories connections.get connections.getIamPolicy
      connections.list integrations.get integrations.list locations.get locations.list operations.get
      operations.list repositories.fetchGitRefs repositories.get repositories.list workerpools.get workerpools.list
    `,
    cloudkms: `
      autokeyConfigs.get cryptoKeyVersions.get cryptoKeyVersions.list cryptoKeys.get cryptoKeys.getIamPolicy
      cryptoKeys.list ekmConfigs.get ekmConfigs.getIamPolicy ekmConnections.get ekmConnections.getIamPolicy
      ekmConnections.list ekmConnections.verifyConnectivity folders.showEffectiveAutokeyConfig importJobs.get
      importJobs.getIamPolicy importJobs.list kajPolicyConfigs.get keyHandles.get keyHandles.list keyRings.get
      keyRings.getIamPolicy keyRings.list keyRings.listEffectiveTags keyRings.listTagBindings
      locations.generateRandomBytes locations.get locations.list operations.get projects.showEffectiveAutokeyConfig
      projects.showEffectiveKajEnrollmentConfig projects.showEffectiveKajPolicyConfig protectableResources.list
      protectedResources.search retiredResources.get retiredResources.list singleTenantHsmInstanceProposals.get
      singleTenantHsmInstanceProposals.list singleTenantHsmInstances.get singleTenantHsmInstances.list
    `,
    container: "clusters.connect clusters.get clusters.list clusters.listEffectiveTags clusters.listTagBindings",
    containeranalysis: `
      notes.get notes.getIamPolicy notes.list occurrences.get occurrences.getIamPolicy occurrences.list
    `,
    iam: `
      serviceAccountKeys.get serviceAccountKeys.list serviceAccounts.get serviceAccounts.getIamPolicy
      serviceAccounts.list serviceAccounts.listEffectiveTags serviceAccounts.listTagBindings
      workloadIdentityPools.searchPolicyBindings
    `,
    logging: "logEntries.download logEntries.list",
    ondemandscanning: "operations.get operations.list operations.wait scans.listVulnerabilities",
    orgpolicy: "constraints.list customConstraints.get customConstraints.list policies.list policy.get",
    pubsub: "topics.get topics.list topics.listEffectiveTags topics.listTagBindings",
    resourcemanager: "projects.get projects.getIamPolicy projects.list projects.searchPolicyBindings",
    run: `
      jobs.get jobs.getIamPolicy jobs.list jobs.listEffectiveTags jobs.listTagBindings jobs.sshRead services.get
      services.getIamPolicy services.list services.listEffectiveTags services.listTagBindings services.sshRead
    `,
    secretmanager: "versions.get versions.list",
    serviceusage: "services.get services.list",
  },
};

function permissionsIn(services: Readonly<Record<string, string>>): ReadonlySet<string> {
  const all = new Set<string>();
  for (const service of Object.keys(services)) {
    for (const permission of services[service].trim().split(/\s+/)) {
      all.add(`${service}.${permission}`);
    }
  }
  return all;
}

/** What each of Google's predefined roles permits, as far as the chain of trust goes, by the name of the role: `roles/owner`. */
export const PREDEFINED_ROLES: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.keys(TABLE).map((role): [string, ReadonlySet<string>] => [role, permissionsIn(TABLE[role])]),
);

/** Every permission that some role of the table holds. */
export const KNOWN_PERMISSIONS: ReadonlySet<string> = new Set(
  Array.from(PREDEFINED_ROLES.values()).reduce<string[]>((all, permissions) => all.concat(Array.from(permissions)), []),
);
