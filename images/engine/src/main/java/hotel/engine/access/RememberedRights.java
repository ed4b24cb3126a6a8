package hotel.engine.access;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.operaton.bpm.engine.ProcessEngineException;
import org.operaton.bpm.engine.authorization.Authorization;
import org.operaton.bpm.engine.authorization.Resource;
import org.operaton.bpm.engine.authorization.Resources;
import org.operaton.bpm.engine.impl.cfg.TransactionState;
import org.operaton.bpm.engine.impl.context.Context;
import org.operaton.bpm.engine.impl.db.CompositePermissionCheck;
import org.operaton.bpm.engine.impl.db.DbEntity;
import org.operaton.bpm.engine.impl.db.PermissionCheck;
import org.operaton.bpm.engine.impl.interceptor.Session;
import org.operaton.bpm.engine.impl.interceptor.SessionFactory;
import org.operaton.bpm.engine.impl.persistence.entity.AuthorizationEntity;
import org.operaton.bpm.engine.impl.persistence.entity.AuthorizationManager;

/** The engine's check of rights, which asks the database once for what it has just been told. */
class RememberedRights extends AuthorizationManager {

    private enum Question { GROUPS_WITH_RIGHTS, RESOURCES_WITH_RIGHTS_OF_THEIR_OWN }

    private record Revoked(String user, Set<String> groups) {}

    private record Asked(String user, Set<String> groups, List<Object> checks) {}

    private record OnePermission(String permission, int resource, String id, Long otherwise) {}

    private record Joined(boolean any, List<Object> checks) {}

    private final AccessMemory memory;

    private RememberedRights(AccessMemory memory) {
        this.memory = memory;
    }

    static SessionFactory factory(AccessMemory memory) {
        return new SessionFactory() {
            @Override
            public Class<?> getSessionType() {
                return AuthorizationManager.class;
            }

            @Override
            public Session openSession() {
                return new RememberedRights(memory);
            }
        };
    }

    @Override
    protected Set<String> getAllGroups() {
        return memory.recall(Question.GROUPS_WITH_RIGHTS, super::getAllGroups);
    }

    @Override
    protected boolean isRevokeAuthCheckEnabled(String user, List<String> groups) {
        return memory.recall(new Revoked(user, asSet(groups)), () -> super.isRevokeAuthCheckEnabled(user, groups));
    }

    @Override
    public boolean isAuthorized(String user, List<String> groups, PermissionCheck check) {
        if (!isAuthorizationEnabled()) {
            return true;
        }
        var asked = new Asked(user, asSet(groups), List.of(keyOf(check)));
        return memory.recall(asked, () -> super.isAuthorized(user, groups, check));
    }

    @Override
    public boolean isAuthorized(String user, List<String> groups, CompositePermissionCheck check) {
        var asked = new Asked(user, asSet(groups), List.of(keyOf(check)));
        return memory.recall(asked, () -> super.isAuthorized(user, groups, check));
    }

    @Override
    public void insert(DbEntity right) {
        super.insert(right);
        forgetWithTransaction();
    }

    @Override
    public void update(AuthorizationEntity right) {
        super.update(right);
        forgetWithTransaction();
    }

    @Override
    public void delete(DbEntity right) {
        super.delete(right);
        forgetWithTransaction();
    }

    @Override
    public void deleteAuthorizationsByResourceIdAndUserId(Resource resource, String id, String user) {
        super.deleteAuthorizationsByResourceIdAndUserId(resource, id, user);
        forgetWithTransaction();
    }

    @Override
    public void deleteAuthorizationsByResourceIdAndGroupId(Resource resource, String id, String group) {
        super.deleteAuthorizationsByResourceIdAndGroupId(resource, id, group);
        forgetWithTransaction();
    }

    /** Of what is gone: its id may come again, but for those of process instances, which the engine makes itself. */
    @Override
    public void deleteAuthorizationsByResourceId(Resource resource, String id) {
        super.deleteAuthorizationsByResourceId(resource, id);
        if (resource != Resources.PROCESS_INSTANCE) {
            forgetWithTransaction();
        }
    }

    /** Commands that are not about rights write some as well: who gets a task may read it. */
    private void forgetWithTransaction() {
        var transaction = Context.getCommandContext().getTransactionContext();
        memory.forget();
        transaction.addTransactionListener(TransactionState.COMMITTED, context -> memory.forget());
        transaction.addTransactionListener(TransactionState.ROLLED_BACK, context -> memory.forget());
    }

    private Object keyOf(CompositePermissionCheck check) {
        var parts = new ArrayList<Object>();
        check.getAtomicChecks().forEach(each -> parts.add(keyOf(each)));
        check.getCompositeChecks().forEach(each -> parts.add(keyOf(each)));
        return new Joined(check.isDisjunctive(), parts);
    }

    /** What nobody has rights of its own on is all the same: without this, each instance would be a question. */
    private Object keyOf(PermissionCheck check) {
        var id = check.getResourceId();
        var type = check.getResourceType();
        var own = id == null || resourcesWithRightsOfTheirOwn().contains(type);
        return new OnePermission(check.getPermission().getName() + " " + check.getPermission().getValue(), type,
                own ? id : Authorization.ANY, check.getAuthorizationNotFoundReturnValue());
    }

    private Set<Integer> resourcesWithRightsOfTheirOwn() {
        return memory.recall(Question.RESOURCES_WITH_RIGHTS_OF_THEIR_OWN, this::selectThem);
    }

    private Set<Integer> selectThem() {
        var prefix = Context.getProcessEngineConfiguration().getDatabaseTablePrefix();
        var query = "SELECT DISTINCT RESOURCE_TYPE_ FROM " + prefix + "ACT_RU_AUTHORIZATION WHERE RESOURCE_ID_ <> '*'";
        var connection = Context.getCommandContext().getDbSqlSession().getSqlSession().getConnection();
        try (var statement = connection.createStatement(); var rows = statement.executeQuery(query)) {
            var found = new HashSet<Integer>();
            while (rows.next()) {
                found.add(rows.getInt(1));
            }
            return found;
        } catch (SQLException failure) {
            throw new ProcessEngineException("the rights of users cannot be read: " + failure.getMessage(), failure);
        }
    }

    private static Set<String> asSet(List<String> groups) {
        return groups == null ? Set.of() : new TreeSet<>(groups);
    }
}
