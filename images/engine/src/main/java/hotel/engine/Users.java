package hotel.engine;

import java.util.List;
import org.operaton.bpm.engine.AuthorizationService;
import org.operaton.bpm.engine.IdentityService;
import org.operaton.bpm.engine.ProcessEngine;
import org.operaton.bpm.engine.authorization.Authorization;
import org.operaton.bpm.engine.authorization.AuthorizationQuery;
import org.operaton.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Makes the engine's users and rights what the environment says, at each start and in one transaction.
 *
 * <p>Rights belong to a group for each role. The users of the environment are also members of a group of their own,
 * by which those are found and removed that the environment no longer names.
 */
@Component
class Users {

    private static final String FROM_ENVIRONMENT = "environment";

    private final Accounts accounts;
    private final EngineSettings settings;
    private final TransactionTemplate transaction;

    Users(Accounts accounts, EngineSettings settings, PlatformTransactionManager transactions) {
        this.accounts = accounts;
        this.settings = settings;
        this.transaction = new TransactionTemplate(transactions);
    }

    void provide(ProcessEngine engine) {
        transaction.executeWithoutResult(status -> {
            ensureGroup(engine.getIdentityService(), FROM_ENVIRONMENT);
            removeForgotten(engine.getIdentityService());
            for (var role : Role.values()) {
                var group = groupOf(role, engine);
                ensureGroup(engine.getIdentityService(), group);
                grant(engine.getAuthorizationService(), group, role.grants(settings));
                accounts.of(role).ifPresent(account -> ensureUser(engine, account, group));
            }
        });
    }

    /** Administrators are members of the engine's own group, by which the web applications know them. */
    private static String groupOf(Role role, ProcessEngine engine) {
        var configuration = (ProcessEngineConfigurationImpl) engine.getProcessEngineConfiguration();
        return role == Role.ADMIN ? configuration.getAdminGroups().get(0) : role.id();
    }

    private void removeForgotten(IdentityService identity) {
        var names = accounts.all().stream().map(Accounts.Account::user).toList();
        identity.createUserQuery().memberOfGroup(FROM_ENVIRONMENT).list().stream()
                .filter(user -> !names.contains(user.getId()))
                .forEach(user -> identity.deleteUser(user.getId()));
    }

    private static void ensureGroup(IdentityService identity, String id) {
        if (identity.createGroupQuery().groupId(id).count() == 0) {
            var group = identity.newGroup(id);
            group.setName(id);
            group.setType("SYSTEM");
            identity.saveGroup(group);
        }
    }

    private static void grant(AuthorizationService authorizations, String group, List<Role.Grant> grants) {
        revoke(authorizations, authorizations.createAuthorizationQuery().groupIdIn(group));
        for (var grant : grants) {
            var authorization = authorizations.createNewAuthorization(Authorization.AUTH_TYPE_GRANT);
            authorization.setGroupId(group);
            authorization.setResource(grant.resource());
            authorization.setResourceId(grant.id());
            authorization.setPermissions(grant.permissions());
            authorizations.saveAuthorization(authorization);
        }
    }

    private static void revoke(AuthorizationService authorizations, AuthorizationQuery granted) {
        granted.list().forEach(each -> authorizations.deleteAuthorization(each.getId()));
    }

    private static void ensureUser(ProcessEngine engine, Accounts.Account account, String group) {
        var identity = engine.getIdentityService();
        var id = account.user();
        var known = identity.createUserQuery().userId(id).singleResult();
        var user = known != null ? known : identity.newUser(id);
        // The web applications greet by first and last name.
        user.setFirstName(id);
        user.setLastName("");
        user.setPassword(account.password());
        identity.saveUser(user);

        // It may have had another role before; and the engine lets each user change its own password.
        identity.createGroupQuery().groupMember(id).list()
                .forEach(former -> identity.deleteMembership(id, former.getId()));
        var authorizations = engine.getAuthorizationService();
        revoke(authorizations, authorizations.createAuthorizationQuery().userIdIn(id));

        identity.createMembership(id, group);
        identity.createMembership(id, FROM_ENVIRONMENT);
    }
}
